// A folder of its own for a test, and whole files by name.
#ifndef NARTHEX_TESTS_FOLDER_HPP
#define NARTHEX_TESTS_FOLDER_HPP

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <algorithm>
#include <string>
#include <vector>

#include "support/net.hpp"

#if !defined(_WIN32)
#include <dirent.h>
#include <sys/stat.h>
#endif

namespace support {

/// Made empty, and removed with what is in it.
struct folder {
  std::string path;
#if defined(_WIN32)
  folder() {
    char temp[200];
    static unsigned number = 0;
    if (::GetTempPathA(sizeof temp, temp) == 0) abort();
    do {  // a test that was killed left its own, and numbers of processes return
      path = std::string(temp) + "narthex-" + std::to_string(::GetCurrentProcessId()) + "-" + std::to_string(++number);
    } while (!::CreateDirectoryA(path.c_str(), nullptr) && ::GetLastError() == ERROR_ALREADY_EXISTS);
  }
  ~folder() {
    for (const std::string& name : names()) {
      ::SetFileAttributesA(at(name).c_str(), FILE_ATTRIBUTE_NORMAL);
      if (!::DeleteFileA(at(name).c_str())) ::RemoveDirectoryA(at(name).c_str());
    }
    ::RemoveDirectoryA(path.c_str());
  }
#else
  folder() {
    char name[] = "/tmp/narthex-test-XXXXXX";
    if (!::mkdtemp(name) || ::chmod(name, 0755) != 0) abort();
    path = name;
  }
  ~folder() {
    for (const std::string& name : names()) {
      if (::unlink(at(name).c_str()) != 0) ::rmdir(at(name).c_str());
    }
    ::rmdir(path.c_str());
  }
#endif
  folder(const folder&) = delete;
  folder& operator=(const folder&) = delete;

  std::string at(const std::string& name) const { return path + "/" + name; }
  std::vector<std::string> names() const {
    std::vector<std::string> all;
#if defined(_WIN32)
    WIN32_FIND_DATAA found;
    const HANDLE d = ::FindFirstFileA(at("*").c_str(), &found);
    for (BOOL more = d != INVALID_HANDLE_VALUE; more; more = ::FindNextFileA(d, &found)) all.push_back(found.cFileName);
    ::FindClose(d);
#else
    DIR* const d = ::opendir(path.c_str());
    if (!d) return all;
    while (const dirent* e = ::readdir(d)) all.push_back(e->d_name);
    ::closedir(d);
#endif
    all.erase(std::remove_if(all.begin(), all.end(), [](const std::string& n) { return n == "." || n == ".."; }), all.end());
    std::sort(all.begin(), all.end());
    return all;
  }
};

inline FILE* open_file(const std::string& path, const char* how) {
#if defined(_WIN32)
  return ::fopen(path.c_str(), (std::string(how) + "b").c_str());
#else
  return ::fopen(path.c_str(), (std::string(how) + "e").c_str());
#endif
}
inline std::string content(const std::string& path) {
  std::string text;
  FILE* const f = open_file(path, "r");
  if (!f) return "(no file)";
  char part[4096];
  for (size_t n; (n = ::fread(part, 1, sizeof part, f)) > 0;) text.append(part, n);
  ::fclose(f);
  return text;
}
inline void put(const std::string& path, const std::string& text) {
  FILE* const f = open_file(path, "w");
  if (!f) abort();
  ::fwrite(text.data(), 1, text.size(), f);
  ::fclose(f);
}

}  // namespace support

#endif  // NARTHEX_TESTS_FOLDER_HPP
