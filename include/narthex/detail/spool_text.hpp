// narthex/detail/spool_text.hpp - what a spooled body looks like: a comment, then lines that carry the group's labels.
// Room: balconies. SPDX-License-Identifier: MIT
#ifndef NARTHEX_DETAIL_SPOOL_TEXT_HPP
#define NARTHEX_DETAIL_SPOOL_TEXT_HPP

#include <cstddef>
#include <cstdint>

#include "narthex/config.hpp"
#include "narthex/detail/ascii.hpp"
#include "narthex/detail/byte_buffer.hpp"
#include "narthex/detail/http_syntax.hpp"
#include "narthex/detail/number.hpp"
#include "narthex/string_view.hpp"

NARTHEX_BEGIN_NAMESPACE
namespace detail {

/// Takes the front of `text` up to the first `end`, and that with it; everything, when there is none.
inline string_view take_until(string_view& text, char end) noexcept {
  const std::size_t at = find_char(text, end);
  const string_view front = text.first(at);
  text = text.from(at < text.size() ? at + 1 : at);
  return front;
}
inline bool begins_with(string_view text, string_view front) noexcept {
  return text.size() >= front.size() && text.first(front.size()) == front;
}

/// A decimal number as Prometheus writes it (1.79e+09), in thousandths, cut off. 0 when it is none, negative or too large.
inline std::int64_t read_thousandths(string_view text) noexcept {
  std::int64_t digits = 0;
  int shift = 3, exponent = 0;
  std::size_t i = 0;
  bool in_fraction = false;
  for (; i < text.size() && (is_digit(text[i]) || (text[i] == '.' && !in_fraction)); ++i) {
    if (text[i] == '.') in_fraction = true;
    else if (digits < 100000000000000000) digits = digits * 10 + (text[i] - '0'), shift -= in_fraction ? 1 : 0;
    else shift += in_fraction ? 0 : 1;
  }
  if (i < text.size() && (text[i] | 0x20) == 'e') {
    const bool negative = ++i < text.size() && text[i] == '-';
    if (i < text.size() && (text[i] == '-' || text[i] == '+')) ++i;
    for (; i < text.size() && is_digit(text[i]) && exponent < 1000; ++i) exponent = exponent * 10 + (text[i] - '0');
    shift += negative ? -exponent : exponent;
  }
  if (i < text.size()) return 0;
  for (; shift < 0 && digits > 0; ++shift) digits /= 10;
  for (; shift > 0 && digits > 0; --shift) {
    if (digits > 900000000000000000) return 0;
    digits *= 10;
  }
  return digits;
}

/// What the first line of a file in the spool says: "# narthex-spool 1 TIME SEQUENCE VERB PATH LABELS".
struct spool_head {
  std::int64_t time_ms;      ///< when it was spooled, since 1970, by the clock of whoever did
  std::int64_t sequence_ms;  ///< of the pusher's bodies the larger is the newer; in thousandths of narthex_push_sequence or of
                             ///< batch_job_last_completion_timestamp_seconds
  string_view verb;          ///< PUT or POST
  string_view path;          ///< the group's
  string_view labels;        ///< as a gateway shows them

  bool write(byte_buffer& out) const noexcept {
    char digits[2][max_u64_chars];
    const std::int64_t numbers[2] = {time_ms, sequence_ms};
    bool fits = out.append(mark());
    for (unsigned i = 0; i < 2; ++i) {
      char* const end = write_u64(digits[i], static_cast<std::uint64_t>(numbers[i]));
      fits = fits && out.append(string_view(digits[i], static_cast<std::size_t>(end - digits[i]))) && out.append(" ");
    }
    return fits && out.append(verb) && out.append(" ") && out.append(path) && out.append(" ") && out.append(labels) && out.append("\n");
  }

  /// Reads it from the front of `text`, which is left as the body.
  /// Errors: false: not what write() has written. The path goes into a request, so it may hold nothing but what a path may.
  bool read(string_view& text) noexcept {
    if (!begins_with(text, mark()) || text[text.size() - 1] != '\n') return false;
    string_view line = take_until(text, '\n').from(mark().size());
    const string_view seconds = take_until(line, ' '), sequence = take_until(line, ' ');
    time_ms = read_thousandths(seconds) / 1000;
    sequence_ms = read_thousandths(sequence) / 1000;
    verb = take_until(line, ' ');
    path = take_until(line, ' ');
    labels = line;
    bool clean = begins_with(path, "/metrics/job");
    for (char c : path) clean = clean && (is_letter(c) || is_digit(c) || is_one_of(c, "%-.~@=/"));
    return clean && time_ms > 0 && (verb == "PUT" || verb == "POST") && !labels.empty();
  }

 private:
  static string_view mark() noexcept { return "# narthex-spool 1 "; }
};

/// Appends `text`, with `labels` put before each sample's own. false without memory.
inline bool append_with_labels(byte_buffer& out, string_view text, string_view labels) noexcept {
  bool fits = true;
  while (fits && !text.empty()) {
    const string_view line = take_until(text, '\n');
    std::size_t name = 0;
    while (name < line.size() && line[name] != '{' && line[name] != ' ') ++name;
    const bool is_comment = line.empty() || line[0] == '#', has_labels = name < line.size() && line[name] == '{';
    if (is_comment) {
      fits = out.append(line);
    } else {
      fits = out.append(line.first(name)) && out.append("{") && out.append(labels) && out.append(has_labels ? "," : "}") &&
             out.append(line.from(has_labels ? name + 1 : name));
    }
    fits = fits && out.append("\n");
  }
  return fits;
}

/// Appends the families of `before` that `now` has not: what a gateway keeps of them at a POST. false without memory.
inline bool append_others(byte_buffer& out, string_view before, string_view now) noexcept {
  bool fits = true, keeps = false;
  while (fits && !before.empty()) {
    const string_view line = take_until(before, '\n');
    if (begins_with(line, "# HELP ") || begins_with(line, "# TYPE ")) {
      string_view rest = line.from(7), all = now;
      const string_view name = take_until(rest, ' ');
      keeps = true;
      while (keeps && !all.empty()) {
        string_view other = take_until(all, '\n');
        if (!begins_with(other, "# TYPE ")) continue;
        other = other.from(7);
        keeps = take_until(other, ' ') != name;
      }
    }
    if (keeps) fits = out.append(line) && out.append("\n");
  }
  return fits;
}

}  // namespace detail
NARTHEX_END_NAMESPACE

#endif  // NARTHEX_DETAIL_SPOOL_TEXT_HPP
