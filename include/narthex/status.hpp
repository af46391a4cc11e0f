// narthex/status.hpp - how anything says no: a code, the offender, and words for people.
// Room: foundations. SPDX-License-Identifier: MIT
#ifndef NARTHEX_STATUS_HPP
#define NARTHEX_STATUS_HPP

#include <cstddef>
#include <cstdint>

#include "narthex/config.hpp"
#include "narthex/string_view.hpp"

NARTHEX_BEGIN_NAMESPACE

/// Why something was refused. `ok` is 0; the others never change their number within a version.
enum class errc : std::uint8_t {
  ok = 0,
  empty_name,             ///< a metric name is empty
  bad_name,               ///< a metric name has a byte outside [a-zA-Z0-9_:], or begins with a digit; see utf8_name
  missing_suffix,         ///< an info metric's name must end in _info
  name_taken,             ///< the name exists with another type, help or label set
  name_collides,          ///< a sample name would be written by two families (x_count against histogram x)
  bad_label_name,         ///< a label name is empty or has a byte outside [a-zA-Z0-9_]; see utf8_name
  reserved_label_name,    ///< a label name begins with __, or is le on a histogram, quantile on a summary
  duplicate_label_name,   ///< a label name occurs twice, or a registry's constant label has it already
  unknown_label,          ///< labels() by name: a name the family does not have, or one that is missing
  repeated_label_value,   ///< an enum has the same label value twice
  label_too_long,         ///< label text does not fit the fixed storage
  bad_buckets,            ///< bounds are not strictly increasing, not numbers, or too many
  bad_quantile,           ///< a quantile outside 0..1, out of order, or too many
  bad_states,             ///< a state set without states, with a state twice, or with more than 32
  series_limit,           ///< the family's cap is reached; updates go to the overflow series
  no_memory,              ///< memory was refused; updates go to a stand-in that is not exposed
  not_registered,         ///< unregistered, or never registered
  already_attached,       ///< a registry can be attached to one other at a time
  attach_cycle,           ///< attaching would make a registry its own part
  too_many_registries,    ///< one scrape walks at most walk::max_registries registries
  bad_address,            ///< an address that cannot be read: ":9464", "127.0.0.1:0", "[::1]:9464"
  system,                 ///< the system said no; number() is its error code
  timeout,                ///< a deadline passed
  closed,                 ///< the other side, or this one, is closed
  unsupported,            ///< not available in this build
  address_in_use,         ///< somebody else listens at this address
  no_permission,          ///< the system forbids it: a low port, a folder of somebody else's
  too_many_descriptors,   ///< this process or the whole system has no file descriptor left
  busy,                   ///< another thread is in the middle of it
  bad_credentials,        ///< a user, password or token that cannot be sent in a header, or is too long
  bad_header,             ///< a header's name or value that cannot be sent
  bad_url,                ///< a URL that cannot be read: "http://host:port/prefix"
  needs_transport,        ///< an https URL, and no transport that speaks TLS
  no_such_host,           ///< a host's name that nobody could resolve
  bad_job,                ///< a job name must not be empty
  bad_utf8,               ///< text that goes into a URL must be well-formed UTF-8
  label_clash,            ///< a metric has a label that the grouping key has, too
  reserved_metric,        ///< a metric name that the Pushgateway keeps for itself
  empty_exposition,       ///< replacing a group by nothing would wipe it; delete_group() says that
  too_large,              ///< more bytes than the stated limit
  http_refused,           ///< the server answered no; number() is the HTTP status
  redirected,             ///< the server answers elsewhere, and nobody follows; number() is the HTTP status
  bad_response,           ///< what came back is not an HTTP response, or not a whole one
  no_gateway,             ///< a server that is no Pushgateway has answered with a page; number() is the HTTP status
  bad_rate,               ///< a rate of no pushes, of more than number(), or in no time
  too_often,              ///< the rate of pushes is used up; number() is the milliseconds until there is room again
  shared_group,           ///< a group without a label that tells its pushers apart
  transport_failed,       ///< the program's own transport said no; the subject is its words
  bad_unit,               ///< a unit that the name does not end in, or of what has none
  id_in_group,            ///< a warning: a group's label looks like the id of one request or moment; groups stay for ever
  bad_spool,              ///< a file in the spool that narthex has not written, or not whole
  bad_native_buckets      ///< a native histogram of an impossible schema, size or zero bucket
};

/// The words for a code; a static string.
NARTHEX_DETAIL_COLD inline const char* describe(errc code) noexcept {
  switch (code) {
    case errc::ok: return "ok";
    case errc::empty_name: return "a metric name must not be empty";
    case errc::bad_name:
      return NARTHEX_HAS(HEAP) ? "a metric name without utf8_name may hold only [a-zA-Z0-9_:] and must not begin with a digit; bad byte at"
                               : "a metric name may hold only [a-zA-Z0-9_:] and must not begin with a digit; bad byte at";
    case errc::missing_suffix: return "the name of an info metric must end in _info";
    case errc::name_taken: return "the name is registered with another type, help or label set";
    case errc::name_collides: return "another metric writes a sample of this name";
    case errc::bad_label_name:
      return NARTHEX_HAS(HEAP) ? "a label name without utf8_name may hold only [a-zA-Z0-9_] and must not begin with a digit; label number"
                               : "a label name may hold only [a-zA-Z0-9_] and must not begin with a digit; label number";
    case errc::reserved_label_name: return "the label name is reserved; label number";
    case errc::duplicate_label_name: return "the label name occurs twice; label number";
    case errc::unknown_label: return "the label name is not one of the family's, or is missing, or was given twice";
    case errc::repeated_label_value: return "an enum's label values must all be different; label number";
    case errc::label_too_long: return "the label text does not fit; bytes of room";
    case errc::bad_buckets: return "bucket bounds must be numbers in strictly increasing order, within the limit; bound number";
    case errc::bad_quantile: return "quantiles must lie in 0..1 in increasing order, within the limit; quantile number";
    case errc::bad_states: return "a state set needs 1 to 32 different states; state number";
    case errc::series_limit: return "the family has reached its limit of series";
    case errc::no_memory: return "no memory";
    case errc::not_registered: return "not registered";
    case errc::already_attached: return "the registry is attached already";
    case errc::attach_cycle: return "a registry cannot be attached to itself or to a part of itself";
    case errc::too_many_registries: return "too many registries are attached; limit";
    case errc::bad_address: return "the address cannot be read";
    case errc::system: return "the system refused; error";
    case errc::timeout: return "the deadline passed";
    case errc::closed: return "closed";
    case errc::unsupported: return "not available in this build";
    case errc::address_in_use: return "the address is in use; error";
    case errc::no_permission: return "the system does not permit it; error";
    case errc::too_many_descriptors: return "too many open files; error";
    case errc::busy: return "another thread is in the middle of it";
    case errc::bad_credentials: return "credentials must be printable and within the limit of bytes";
    case errc::bad_header: return "a header must be a token and a line of printable text";
    case errc::bad_url: return "the URL must be http://host:port/prefix; bad byte at";
    case errc::needs_transport: return "https needs a transport that speaks TLS";
    case errc::no_such_host: return "the host name could not be resolved; error";
    case errc::bad_job: return "the job name must not be empty";
    case errc::bad_utf8: return "the text must be well-formed UTF-8; bad byte at";
    case errc::label_clash: return "the label is part of the grouping key, which would overwrite it";
    case errc::reserved_metric: return "the Pushgateway keeps this metric name for itself";
    case errc::empty_exposition: return "an empty exposition would wipe the group; delete_group() does that";
    case errc::too_large: return "too large; limit in bytes";
    case errc::http_refused: return "the server refused; HTTP status";
    case errc::redirected: return "the server answers elsewhere; HTTP status";
    case errc::bad_response: return "the answer is not valid HTTP";
    case errc::no_gateway: return "a page came back, so this is no Pushgateway; HTTP status";
    case errc::bad_rate: return "a rate must allow at least one push in 1 to 86400 seconds; pushes at most";
    case errc::too_often: return "pushed too often for anybody to see; room again in milliseconds";
    case errc::bad_unit: return "a unit must be what the name ends in, before _total: x_seconds, x_seconds_total";
    case errc::shared_group: return "programs that share a group overwrite each other: give it this label, or say shared_group()";
    case errc::transport_failed: return "the transport refused";
    case errc::id_in_group: return "looks like an id, and each value is a group that stays for ever: leave it out, or delete the group";
    case errc::bad_spool: return "not a file that narthex has spooled";
    case errc::bad_native_buckets: return "a native histogram has a factor above 1 or a schema of -4 to 8, 1 to 256 buckets, at most 64 classic bounds, and thresholds of 0 or more";
  }
  return "unknown";
}

/// An answer: ok, or what was refused and why.
///
/// Threads: a value; copy it freely.
/// Memory:  80 bytes; the offender's text is copied, cut to 70 bytes, and made printable ASCII.
class NARTHEX_DETAIL_NODISCARD status {
 public:
  status() noexcept : number_(0), code_(errc::ok), has_number_(false) { subject_[0] = '\0'; }

  /// who: the metric, label or address that was refused; where: a position, limit or system code.
  status(errc why, string_view who) noexcept : number_(0), code_(why), has_number_(false) { put_subject(who); }
  status(errc why, string_view who, std::uint32_t where) noexcept : number_(where), code_(why), has_number_(true) {
    put_subject(who);
  }

  bool ok() const noexcept { return code_ == errc::ok; }
  errc code() const noexcept { return code_; }
  /// The offender: a metric's name, name{label}, or an address.
  const char* subject() const noexcept { return subject_; }
  /// A byte's position, a label's or bound's number counted from 0, a limit, or the system's error code.
  std::uint32_t number() const noexcept { return number_; }

  /// Writes "subject: words number" and a NUL.
  ///
  /// Returns: the length without the NUL; the text is cut when `size` is too small.
  std::size_t message(char* out, std::size_t size) const noexcept {
    if (size == 0) return 0;
    std::size_t n = 0;
    if (subject_[0]) {
      n = append(out, size, n, subject_);
      n = append(out, size, n, ": ");
    }
    n = append(out, size, n, describe(code_));
    if (has_number_) {
      char digits[12];
      char* p = digits + sizeof digits - 1;
      *p = '\0';
      std::uint32_t rest = number_;
      do {
        *--p = static_cast<char>('0' + rest % 10);
        rest /= 10;
      } while (rest);
      n = append(out, size, n, " ");
      n = append(out, size, n, p);
    }
    out[n] = '\0';
    return n;
  }

#if NARTHEX_HAS(HEAP)
  /// The same as a string. May throw std::bad_alloc, as every std::string may.
  std::string message() const {
    char text[max_message];
    return std::string(text, message(text, sizeof text));
  }
#endif

  enum : std::size_t { max_message = 256 };  ///< no message is longer, NUL included

 private:
  static std::size_t append(char* out, std::size_t size, std::size_t n, const char* text) noexcept {
    while (*text && n + 1 < size) out[n++] = *text++;
    return n;
  }

  void put_subject(string_view who) noexcept {
    std::size_t n = 0;
    for (; n < who.size() && n + 1 < sizeof subject_; ++n) {
      const char c = who[n];
      subject_[n] = (c >= 0x20 && c < 0x7f) ? c : '?';  // one line on a terminal, whatever came in
    }
    subject_[n] = '\0';
  }

  std::uint32_t number_;
  errc code_;
  bool has_number_;
  char subject_[74];
};

NARTHEX_END_NAMESPACE

#endif  // NARTHEX_STATUS_HPP
