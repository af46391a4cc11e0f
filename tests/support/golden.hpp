// Files of tests/golden/: lines split at tabs, escapes undone.
#ifndef NARTHEX_TESTS_GOLDEN_HPP
#define NARTHEX_TESTS_GOLDEN_HPP

#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

namespace support {

using fields = std::vector<std::string>;

inline std::string file_text(const std::string& path) {
  std::string text;
  if (FILE* const f = std::fopen(path.c_str(), "rb")) {
    char part[4096];
    for (std::size_t n; (n = std::fread(part, 1, sizeof part, f)) > 0;) text.append(part, n);
    std::fclose(f);
  }
  return text;
}

/// The rows of a file; `#` begins a comment.
inline std::vector<fields> rows_of(const std::string& path) {
  std::vector<fields> rows;
  const std::string text = file_text(path);
  for (std::size_t at = 0; at < text.size();) {
    std::size_t end = text.find('\n', at);
    if (end == std::string::npos) end = text.size();
    const std::string line = text.substr(at, end - at);
    at = end + 1;
    if (line.empty() || line[0] == '#') continue;
    rows.emplace_back();
    for (std::size_t from = 0;;) {
      const std::size_t tab = line.find('\t', from);
      rows.back().push_back(line.substr(from, tab == std::string::npos ? tab : tab - from));
      if (tab == std::string::npos) break;
      from = tab + 1;
    }
  }
  return rows;
}

/// A field of a .vec file as bytes.
inline std::string unescaped(const std::string& field) {
  std::string out;
  for (std::size_t i = 0; i < field.size(); ++i) {
    if (field[i] != '\\') {
      out += field[i];
      continue;
    }
    const char c = field[++i];
    if (c == 'x') {
      out += static_cast<char>(std::strtoul(field.substr(i + 1, 2).c_str(), nullptr, 16));
      i += 2;
    } else {
      out += c == 'n' ? '\n' : c == 'r' ? '\r' : c == 't' ? '\t' : c;
    }
  }
  return out;
}

inline std::string from_hex(const std::string& digits) {
  std::string out;
  for (std::size_t i = 0; i + 1 < digits.size(); i += 2) {
    out += static_cast<char>(std::strtoul(digits.substr(i, 2).c_str(), nullptr, 16));
  }
  return out;
}
inline std::string to_hex(const std::string& bytes) {
  std::string out;
  for (const char c : bytes) {
    out += "0123456789abcdef"[static_cast<unsigned char>(c) >> 4];
    out += "0123456789abcdef"[c & 15];
  }
  return out;
}

}  // namespace support

#endif  // NARTHEX_TESTS_GOLDEN_HPP
