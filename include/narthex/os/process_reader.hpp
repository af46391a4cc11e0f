// narthex/os/process_reader.hpp - reads the numbers of this process, by the half of your system.
// Room: cellar. Read os/process.hpp first. SPDX-License-Identifier: MIT
#ifndef NARTHEX_OS_PROCESS_READER_HPP
#define NARTHEX_OS_PROCESS_READER_HPP

#include <cstddef>

#include "narthex/config.hpp"
#include "narthex/os/process.hpp"
#include "narthex/string_view.hpp"

// The same class in each, and each guards its own body. What a system does not tell is not known: it is left out, not made up.
#include "narthex/os/process_linux.hpp"
#include "narthex/os/process_macos.hpp"
#include "narthex/os/process_windows.hpp"

#if !defined(__linux__) && !defined(__APPLE__) && !defined(_WIN32)

NARTHEX_BEGIN_NAMESPACE
namespace os {

class process_reader {
 public:
  enum : bool { is_here = false };
  enum : std::size_t { max_root = 200 };
  explicit process_reader(string_view) noexcept {}
  process_reader(const process_reader&) = delete;
  process_reader& operator=(const process_reader&) = delete;
  process_values read() noexcept { return process_values(); }
};

}  // namespace os
NARTHEX_END_NAMESPACE

#endif

#endif  // NARTHEX_OS_PROCESS_READER_HPP
