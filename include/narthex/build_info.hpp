// narthex/build_info.hpp - NAME_build_info: the version that runs, and what it was built with.
// Room: balconies. Read info.hpp first. SPDX-License-Identifier: MIT
#ifndef NARTHEX_BUILD_INFO_HPP
#define NARTHEX_BUILD_INFO_HPP

#include <cstddef>
#include <initializer_list>
#include <type_traits>

#include "narthex/config.hpp"
#include "narthex/detail/default_registry.hpp"
#include "narthex/detail/number.hpp"
#include "narthex/info.hpp"
#include "narthex/label.hpp"
#include "narthex/process_collector.hpp"
#include "narthex/status.hpp"
#include "narthex/string_view.hpp"

// ---- which compiler this is ----
#if defined(__clang__)
#if defined(__apple_build_version__)
#define NARTHEX_DETAIL_COMPILER "apple-clang", __clang_major__, __clang_minor__, __clang_patchlevel__
#else
#define NARTHEX_DETAIL_COMPILER "clang", __clang_major__, __clang_minor__, __clang_patchlevel__
#endif
#elif defined(__GNUC__)
#define NARTHEX_DETAIL_COMPILER "gcc", __GNUC__, __GNUC_MINOR__, __GNUC_PATCHLEVEL__
#elif defined(_MSC_VER)
#define NARTHEX_DETAIL_COMPILER "msvc", _MSC_VER / 100, _MSC_VER % 100, _MSC_FULL_VER % 100000
#else
#define NARTHEX_DETAIL_COMPILER "unknown", 0, 0, 0
#endif
#if defined(_MSVC_LANG)
#define NARTHEX_DETAIL_STANDARD _MSVC_LANG
#else
#define NARTHEX_DETAIL_STANDARD __cplusplus
#endif

NARTHEX_BEGIN_NAMESPACE

/// A compiler and a language standard, as label values: "gcc 12.2.0", "c++11".
///
/// NARTHEX_TOOLCHAIN() is the one of the translation unit that says it. Only a default argument may say it in a header:
/// that one is the caller's, while the body of an inline function would be whoever's the linker keeps.
class toolchain {
 public:
  toolchain(string_view compiler_name, unsigned major, unsigned minor, unsigned patch, long standard_number) noexcept
      : standard_(standard_number), size_(0) {
    if (!NARTHEX_HAS(METRICS)) return;
    std::size_t n = 0;
    for (; n < compiler_name.size() && n < 20; ++n) compiler_[n] = compiler_name[n];
    const unsigned parts[] = {major, minor, patch};
    if (major) {
      for (unsigned i = 0; i < 3; ++i) {
        compiler_[n++] = i ? '.' : ' ';
        n = static_cast<std::size_t>(detail::write_u64(compiler_ + n, parts[i]) - compiler_);
      }
    }
    size_ = n;
  }
  string_view compiler() const noexcept { return string_view(compiler_, size_); }
  /// The standard, also of a compiler that had only begun with it.
  string_view standard() const noexcept {
    return standard_ <= 201103 ? "c++11"
           : standard_ <= 201402 ? "c++14"
           : standard_ <= 201703 ? "c++17"
           : standard_ <= 202002 ? "c++20"
           : standard_ <= 202302 ? "c++23"
                                 : "c++26";
  }

 private:
  long standard_;
  std::size_t size_;
  char compiler_[20 + 3 * 11];
};
#define NARTHEX_TOOLCHAIN() ::NARTHEX_NAMESPACE::toolchain(NARTHEX_DETAIL_COMPILER, NARTHEX_DETAIL_STANDARD)

/// Exposes myapp_build_info{version="1.4.2",commit="ab12cd",compiler="gcc 12.2.0",cpp_standard="c++11"} 1.
///
///   nx::build_info build{"myapp", {{"version", "1.4.2"}, {"commit", "ab12cd"}}};
///
/// app:    the name's first word; "" gives build_info.
/// labels: up to max_labels of the program's own, before the two that are added; one that is called compiler or cpp_standard
///         replaces ours. No clock: two builds of the same source should say the same.
/// A handle, as info: destroying it removes nothing.
/// Errors: see status(): those of info; errc::too_large for more labels (the first are exposed); errc::unsupported without a heap.
/// Source: the naming practice of Prometheus' own programs (prometheus_build_info).
class NARTHEX_DETAIL_IDLE build_info {
 public:
  enum : unsigned { max_labels = 8 };

  build_info(string_view app, std::initializer_list<label_pair> labels,
             const toolchain& built_with = NARTHEX_TOOLCHAIN()) noexcept
      : build_info(default_registry(), app, labels, built_with) {}
#if NARTHEX_HAS(HEAP) && NARTHEX_HAS(METRICS)
  build_info(registry_core& registry, string_view app, std::initializer_list<label_pair> labels,
             const toolchain& built_with = NARTHEX_TOOLCHAIN()) noexcept
      : info_(make(registry, app, labels, built_with)), too_many_(labels.size() > max_labels) {
    if (!too_many_) return;
    registry.count(mistake::registration);
    detail::report(status());
  }
  NARTHEX_NAMESPACE::status status() const noexcept {
    return too_many_ ? NARTHEX_NAMESPACE::status(errc::too_large, "build_info", max_labels) : info_.status();
  }
  void unregister() const noexcept { info_.unregister(); }

 private:
  struct chosen {
    registry_core& registry;
    metric_name full;
    unsigned count;
    const label_pair* picks[max_labels + 2];

    void add(const label_pair& one) noexcept { picks[count++] = &one; }
    void add_new(const label_pair& one) noexcept {
      for (unsigned i = 0; i < count; ++i) {
        if (picks[i]->name == one.name) return;
      }
      add(one);
    }
    // An initializer_list is as long as its braces: these are written once for each length.
    template <class... Pairs>
    typename std::enable_if<sizeof...(Pairs) == max_labels + 2, info>::type expose(const Pairs&... picked) const noexcept {
      return info(registry, full, help(), {picked...});
    }
    template <class... Pairs>
    typename std::enable_if<(sizeof...(Pairs) < max_labels + 2), info>::type expose(const Pairs&... picked) const noexcept {
      if (sizeof...(Pairs) == count) return info(registry, full, help(), {picked...});
      return expose(*picks[count - sizeof...(Pairs) - 1], picked...);
    }
    static string_view help() noexcept { return "What the program was built from, and with what."; }
  };
  static info make(registry_core& registry, string_view app, std::initializer_list<label_pair> labels,
                   const toolchain& built_with) noexcept {
    const NARTHEX_NAMESPACE::name full(app, "", "build_info");
    chosen all = {registry, full, 0, {}};
    for (const label_pair& one : labels) {
      if (all.count < max_labels) all.add(one);
    }
    const label_pair compiler("compiler", built_with.compiler()), standard("cpp_standard", built_with.standard());
    all.add_new(compiler);
    all.add_new(standard);
    return all.expose();
  }

  info info_;
  bool too_many_;
#else
  build_info(registry_core&, string_view, std::initializer_list<label_pair>,
             const toolchain& = NARTHEX_TOOLCHAIN()) noexcept {}
  NARTHEX_NAMESPACE::status status() const noexcept {
    return NARTHEX_HAS(METRICS) ? NARTHEX_NAMESPACE::status(errc::unsupported, "build_info") : NARTHEX_NAMESPACE::status();
  }
  void unregister() const noexcept {}
#endif
};

/// Adds what every service should show to the default registry: the process_* metrics, and app_build_info.
///
///   nx::install_standard_metrics("myapp", {{"version", "1.4.2"}});
///
/// Call it once, where main begins; the same call again changes nothing.
/// Errors:  those of install_process_metrics() and build_info: the first of them. What has none is installed.
/// Threads: any.
inline status install_standard_metrics(string_view app, std::initializer_list<label_pair> labels,
                                       const toolchain& built_with = NARTHEX_TOOLCHAIN()) noexcept {
  const status process = install_process_metrics();
  const build_info build(app, labels, built_with);
  return process.ok() ? build.status() : process;
}

NARTHEX_END_NAMESPACE

#endif  // NARTHEX_BUILD_INFO_HPP
