// narthex/detail/group_path.hpp - a job and its labels, checked, and as the path that a Pushgateway reads.
// Room: balconies. Read grouping_key.hpp first. SPDX-License-Identifier: MIT
#ifndef NARTHEX_DETAIL_GROUP_PATH_HPP
#define NARTHEX_DETAIL_GROUP_PATH_HPP

#include <cstddef>
#include <cstdint>

#include "narthex/config.hpp"
#include "narthex/detail/ascii.hpp"
#include "narthex/detail/base64.hpp"
#include "narthex/detail/byte_buffer.hpp"
#include "narthex/detail/push_url.hpp"
#include "narthex/detail/utf8.hpp"
#include "narthex/grouping_key.hpp"
#include "narthex/label.hpp"
#include "narthex/status.hpp"
#include "narthex/string_view.hpp"

NARTHEX_BEGIN_NAMESPACE
namespace detail {

/// The first byte that is not part of well-formed UTF-8; text.size() when all are.
inline std::size_t bad_utf8_byte(string_view text) noexcept {
  std::size_t i = 0;
  while (i < text.size()) {
    const std::size_t n = utf8_length(text.data() + i, text.size() - i);
    if (n == 0) break;
    i += n;
  }
  return i;
}

/// What a group is called: the job and the grouping labels. Views; lives as long as what it was given.
///
/// Source: Pushgateway, README, "URL"; each rule below was seen with Pushgateway 1.5.1 and 1.11.2.
class group_path {
 public:
  group_path(string_view job_name, const group_labels& of) noexcept : job_(job_name), labels_(of) {}

  string_view job() const noexcept { return job_; }
  const group_labels& labels() const noexcept { return labels_; }

  /// Errors: errc::bad_job, errc::bad_utf8 (position), errc::bad_label_name, reserved_label_name, duplicate_label_name
  ///         (the label's number, as given), and those of a grouping_key.
  status validate() const noexcept {
    if (!labels_.why().ok()) return labels_.why();
    if (job_.empty()) return status(errc::bad_job, "job");
    // One push of broken UTF-8 and the gateway answers 500 to every scrape and 400 to every other push.
    const std::size_t bad = bad_utf8_byte(job_);
    if (bad != job_.size()) return status(errc::bad_utf8, "job", static_cast<std::uint32_t>(bad));
    for (std::size_t i = 0; i < labels_.size(); ++i) {
      const string_view n = labels_.name_at(i), text = labels_.value_at(i);
      const std::uint32_t number = static_cast<std::uint32_t>(i);
      if (n.empty() || bad_byte(n.data(), n.size(), alphabet::label) != n.size()) return status(errc::bad_label_name, n, number);
      if (is_reserved(n)) return status(errc::reserved_label_name, n, number);
      for (std::size_t other = 0; other < i; ++other) {
        if (labels_.name_at(other) == n) return status(errc::duplicate_label_name, n, number);
      }
      const std::size_t at = bad_utf8_byte(text);
      if (at != text.size()) return status(errc::bad_utf8, n, static_cast<std::uint32_t>(at));
    }
    return status();
  }

  /// Appends "/metrics/job/j/a/1"; false without memory. Labels stand in the order of their names.
  bool write_path(byte_buffer& out) const noexcept {
    bool fits = out.append("/metrics") && pair(out, "job", job_);
    for (std::size_t i = next("", labels_.size()); fits && i != none; i = next(name(i), labels_.size())) {
      fits = pair(out, name(i), value(i));
    }
    return fits;
  }
  /// Appends the names, "job" first, each with a NUL behind it.
  bool write_names(byte_buffer& out) const noexcept {
    const string_view nul("", 1);
    bool fits = out.append("job") && out.append(nul);
    for (std::size_t i = 0; fits && i < labels_.size(); ++i) fits = out.append(labels_.name_at(i)) && out.append(nul);
    return fits;
  }
  /// Appends a="1",job="j": what a gateway adds to each series of the group.
  bool write_labels(byte_buffer& out) const noexcept { return write_labels(out, labels_.size() + 1); }
  /// Appends a="1",instance="",job="j": what a gateway shows of the group itself, in its order.
  bool write_shown_labels(byte_buffer& out) const noexcept {
    bool has_instance = false;
    for (std::size_t i = 0; i < labels_.size(); ++i) has_instance = has_instance || labels_.name_at(i) == "instance";
    return write_labels(out, labels_.size() + (has_instance ? 1u : 2u));
  }

 private:
  /// job: the URL has it already. le, quantile: written beside a bucket's or quantile's own, they fail the scrape of the
  /// whole gateway. what: narthex_refused_total has it, which must not stop a push when it first appears.
  static bool is_reserved(string_view n) noexcept {
    return (n.size() >= 2 && n[0] == '_' && n[1] == '_') || n == "job" || n == "le" || n == "quantile" || n == "what";
  }

  enum : std::size_t { none = ~std::size_t(0) };

  // Behind the labels stand the job and an empty instance.
  string_view name(std::size_t at) const noexcept {
    return at < labels_.size() ? labels_.name_at(at) : at == labels_.size() ? string_view("job") : string_view("instance");
  }
  string_view value(std::size_t at) const noexcept {
    return at < labels_.size() ? labels_.value_at(at) : at == labels_.size() ? job_ : string_view();
  }
  /// Of the first `count`, the one with the next larger name; or none.
  std::size_t next(string_view after, std::size_t count) const noexcept {
    std::size_t best = none;
    for (std::size_t i = 0; i < count; ++i) {
      if (name(i).compare(after) > 0 && (best == none || name(i).compare(name(best)) < 0)) best = i;
    }
    return best;
  }

  bool write_labels(byte_buffer& out, std::size_t count) const noexcept {
    const std::size_t begin = out.size();
    bool fits = true;
    for (std::size_t i = next("", count); fits && i != none; i = next(name(i), count)) {
      fits = (out.size() == begin || out.append(",")) && out.append(name(i)) && out.append("=\"");
      for (char c : value(i)) {
        const char escaped[2] = {'\\', c == '\n' ? 'n' : c};
        const bool bare = c != '"' && c != '\\' && c != '\n';
        fits = fits && out.append(bare ? string_view(&c, 1) : string_view(escaped, 2));
      }
      fits = fits && out.append("\"");
    }
    return fits;
  }

  /// The server decodes %2F before it splits the path, and cleans "." and ".." and empty parts away with a redirect: these
  /// values go as base64. It reads a '+' as it stands, so a blank is %20.
  static bool pair(byte_buffer& out, string_view name, string_view value) noexcept {
    if (!out.append("/") || !out.append(name)) return false;
    bool slash = false;
    for (char c : value) slash = slash || c == '/';
    if (value.empty()) return out.append("@base64/=");
    if (slash || value == "." || value == "..") return out.append("@base64/") && put_base64(out, value);
    return out.append("/") && put_percent(out, value);
  }

  static bool put_base64(byte_buffer& out, string_view value) noexcept {
    char part[64];
    while (!value.empty()) {
      const std::size_t n = value.size() < 48 ? value.size() : 48;
      const char* const end = write_base64(part, value.first(n), base64::url);
      if (!out.append(string_view(part, static_cast<std::size_t>(end - part)))) return false;
      value = value.from(n);
    }
    return true;
  }

  static bool put_percent(byte_buffer& out, string_view value) noexcept {
    const char* const hex = "0123456789ABCDEF";
    for (char c : value) {
      const unsigned byte = static_cast<unsigned char>(c);
      const char escaped[3] = {'%', hex[byte >> 4], hex[byte & 15]};
      if (!out.append(is_unreserved(c) ? string_view(&c, 1) : string_view(escaped, 3))) return false;
    }
    return true;
  }

  string_view job_;
  group_labels labels_;
};

}  // namespace detail
NARTHEX_END_NAMESPACE

#endif  // NARTHEX_DETAIL_GROUP_PATH_HPP
