// A microcontroller's program with what the macros WITH_* ask for: what sizes.sh links and measures.
#include "board.h"

#ifndef WITH_NOTHING
#ifdef WITH_HTTP
#include <narthex/http_server.hpp>
#endif
#include <narthex/narthex.hpp>

namespace nx = narthex;

#ifdef WITH_OPENMETRICS
#include <narthex/openmetrics.hpp>
#define WRITE nx::write_openmetrics
#elif defined(WITH_JSON)
#include <narthex/json.hpp>
#define WRITE nx::write_json
#elif defined(WITH_PROTOBUF)
#include <narthex/protobuf.hpp>
#define WRITE nx::write_protobuf
#else
#define WRITE nx::write_text
#endif

static nx::counter served{"served_total", "Served."};
static nx::counter failed{"failed_total", "Failed."};
static nx::counter bytes{"bytes_total", "Bytes."};
#ifdef WITH_DOUBLES
static nx::gauge level{"level", "Level."};
#else
static nx::int_gauge level{"level", "Level."};
#endif
#ifdef WITH_HISTOGRAM
static const nx::histogram_desc<3> latency_desc{"latency_seconds", "Latency.", .01, .1, 1};
static nx::static_histogram<3> latency{latency_desc};
#endif
#ifdef WITH_FIXED_HISTOGRAM
static nx::fixed_histogram<3> latency{"latency_seconds", "Latency.", {.01, .1, 1}};
#endif
#ifdef WITH_FORMULA
static nx::fixed_histogram<3> latency{"latency_seconds", "Latency.", nx::buckets::exponential(.01, 10, 3)};
#endif
#ifdef WITH_SUMMARY
static nx::fixed_summary latency{"latency_seconds", "Latency."};
#endif
#ifdef WITH_DOUBLE_COUNTER
static nx::double_counter busy{"busy_seconds_total", "Busy."};
#endif
#ifdef WITH_LABELS
static nx::fixed_family<nx::counter, 1, 4, 24> errors{"errors_total", "Errors.", {"kind"}};
#endif
#ifdef WITH_ENUMS
enum class kind { crc, timeout };
static nx::enum_values<2> label_values(kind) { return {{"crc", "timeout"}}; }
static nx::enum_family<nx::counter, kind> errors{"errors_total", "Errors.", {"kind"}};
#endif
#ifdef WITH_CALLBACK
static int depth = 3;
static nx::callback_gauge queue{"queue", "Queue.", [] { return depth; }};
#endif
#ifdef WITH_INFO
static nx::info build{"build_info", "Build.", {{"version", "1"}}};
#endif
#ifdef WITH_STATES
static nx::state_set mode{"mode", "Mode.", {"idle", "busy"}};
#endif
#ifdef WITH_PREFIX
static nx::registry other{nx::registry_options().prefix("shop_").label("region", "east")};
static nx::counter in_other{other, "other_total", "Other."};
#endif
#ifdef WITH_ATTACH
static nx::registry part;
#endif
#ifdef WITH_ERROR_HOOK
static void tell(const nx::status& why) {
  char line[nx::status::max_message];
  put_bytes(line, why.message(line, sizeof line));
}
#endif
#endif

extern "C" void timer_handler() {}

int main() {
#ifdef WITH_NOTHING
  return 0;
#else
#ifdef WITH_ERROR_HOOK
  nx::set_error_hook(&tell);
#endif
  served.inc();
  failed.inc();
  bytes.inc(1500);
#ifdef WITH_DOUBLES
  level.set(3.3);
#else
  level.set(-3);
#endif
#if defined(WITH_HISTOGRAM) || defined(WITH_SUMMARY) || defined(WITH_FIXED_HISTOGRAM) || defined(WITH_FORMULA)
  latency.observe(.05);
#endif
#ifdef WITH_DOUBLE_COUNTER
  busy.inc(.5);
#endif
#ifdef WITH_LABELS
  errors.labels("crc").inc();
#endif
#ifdef WITH_ENUMS
  errors.labels(kind::crc).inc();
#endif
#ifdef WITH_STATES
  mode.set("busy");
#endif
  char piece[64];
  const nx::sink out = {[](void*, const char* data, std::size_t size) {
                          put_bytes(data, size);
                          return true;
                        },
                        nullptr};
#ifdef WITH_ATTACH
  if (!nx::default_registry().attach(part).ok()) return 1;
#endif
#ifdef WITH_PREFIX
  if (!nx::write_text(other, out, piece, sizeof piece).ok()) return 1;
#endif
#ifdef WITH_HTTP
  if (!nx::http_server::handle("GET /metrics HTTP/1.0\r\n\r\n", out).ok()) return 1;
#endif
  return WRITE(nx::default_registry(), out, piece, sizeof piece).ok() ? 0 : 1;
#endif
}
