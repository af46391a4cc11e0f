// A library declares instruments, takes a registry and serves nothing: who reads the metrics is the program's business.
#ifndef EXAMPLES_11_IN_A_LIBRARY_HPP
#define EXAMPLES_11_IN_A_LIBRARY_HPP

#include <narthex/narthex.hpp>

#include <cstddef>
#include <map>
#include <string>

/// Remembers answers.
class answer_cache {
 public:
  /// registry: lives longer than the cache. Who gives none gets the metrics beside all others, and gives no thought to it.
  explicit answer_cache(narthex::registry_core& registry = narthex::default_registry());
  ~answer_cache();
  answer_cache(const answer_cache&) = delete;
  answer_cache& operator=(const answer_cache&) = delete;

  /// Null when there is none.
  const std::string* find(const std::string& question);
  void put(const std::string& question, const std::string& answer);

 private:
  std::map<std::string, std::string> answers_;
  narthex::family<narthex::counter, 1> lookups_;
  narthex::counter hits_, misses_;  // kept: a lookup is too short for a search among labels
  narthex::int_gauge entries_;
};

#endif
