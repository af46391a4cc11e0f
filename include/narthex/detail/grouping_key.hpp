// narthex/detail/grouping_key.hpp - a job and its labels, checked, and as the path that a Pushgateway reads.
// Room: balconies. SPDX-License-Identifier: MIT
#ifndef NARTHEX_DETAIL_GROUPING_KEY_HPP
#define NARTHEX_DETAIL_GROUPING_KEY_HPP

#include <cstddef>
#include <cstdint>
#include <initializer_list>

#include "narthex/config.hpp"
#include "narthex/detail/ascii.hpp"
#include "narthex/detail/base64.hpp"
#include "narthex/detail/byte_buffer.hpp"
#include "narthex/detail/push_url.hpp"
#include "narthex/detail/utf8.hpp"
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
class grouping_key {
 public:
  grouping_key(string_view job, std::initializer_list<label_pair> labels) noexcept : job_(job), labels_(labels) {}

  /// Errors: errc::bad_job, errc::bad_utf8 (position), errc::bad_label_name, reserved_label_name, duplicate_label_name
  ///         (the label's number, as given).
  status validate() const noexcept {
    if (job_.empty()) return status(errc::bad_job, "job");
    // One push of broken UTF-8 and the gateway answers 500 to every scrape and 400 to every other push.
    const std::size_t bad = bad_utf8_byte(job_);
    if (bad != job_.size()) return status(errc::bad_utf8, "job", static_cast<std::uint32_t>(bad));
    std::uint32_t i = 0;
    for (const label_pair* l = labels_.begin(); l != labels_.end(); ++l, ++i) {
      const string_view n = l->name;
      if (n.empty() || bad_byte(n.data(), n.size(), alphabet::label) != n.size()) {
        return status(errc::bad_label_name, n, i);
      }
      if (is_reserved(n)) return status(errc::reserved_label_name, n, i);
      for (const label_pair* other = labels_.begin(); other != l; ++other) {
        if (other->name == n) return status(errc::duplicate_label_name, n, i);
      }
      const string_view value = l->value.text();
      const std::size_t at = bad_utf8_byte(value);
      if (at != value.size()) return status(errc::bad_utf8, n, static_cast<std::uint32_t>(at));
    }
    return status();
  }

  /// Appends "/metrics/job/j/a/1"; false without memory. Labels stand in the order of their names.
  bool write_path(byte_buffer& out) const noexcept {
    if (!out.append("/metrics") || !pair(out, "job", job_)) return false;
    for (const label_pair* l = next(nullptr); l; l = next(l)) {
      if (!pair(out, l->name, l->value.text())) return false;
    }
    return true;
  }
  /// Appends the names, "job" first, each with a NUL behind it.
  bool write_names(byte_buffer& out) const noexcept {
    const string_view nul("", 1);
    bool fits = out.append("job") && out.append(nul);
    for (const label_pair* l = labels_.begin(); fits && l != labels_.end(); ++l) {
      fits = out.append(l->name) && out.append(nul);
    }
    return fits;
  }

 private:
  /// job: the URL has it already. le, quantile: written beside a bucket's or quantile's own, they fail the scrape of the
  /// whole gateway. what: narthex_refused_total has it, which must not stop a push when it first appears.
  static bool is_reserved(string_view n) noexcept {
    return (n.size() >= 2 && n[0] == '_' && n[1] == '_') || n == "job" || n == "le" || n == "quantile" || n == "what";
  }

  /// The label with the next larger name; null after the last.
  const label_pair* next(const label_pair* after) const noexcept {
    const label_pair* best = nullptr;
    for (const label_pair& l : labels_) {
      if (after && l.name.compare(after->name) <= 0) continue;
      if (!best || l.name.compare(best->name) < 0) best = &l;
    }
    return best;
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
  std::initializer_list<label_pair> labels_;
};

}  // namespace detail
NARTHEX_END_NAMESPACE

#endif  // NARTHEX_DETAIL_GROUPING_KEY_HPP
