// The library's metrics: names with the library's own first word, no thread, no port, no global.
#include "11_in_a_library.hpp"

// Made twice in one registry, these are the same metrics, and both caches count in them: so entries go up and down
// instead of being set.
answer_cache::answer_cache(narthex::registry_core& registry)
    : lookups_{registry, "answer_cache_lookups_total", "Lookups.", {"result"}},
      hits_(lookups_.labels("hit")),
      misses_(lookups_.labels("miss")),
      entries_{registry, "answer_cache_entries", "Answers remembered."} {}

answer_cache::~answer_cache() { entries_.dec(static_cast<int>(answers_.size())); }

const std::string* answer_cache::find(const std::string& question) {
  const auto found = answers_.find(question);
  if (found == answers_.end()) {
    misses_.inc();
    return nullptr;
  }
  hits_.inc();
  return &found->second;
}

void answer_cache::put(const std::string& question, const std::string& answer) {
  if (answers_.insert({question, answer}).second) entries_.inc();
}

// Example 12 is a program that uses it.
