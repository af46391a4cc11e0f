// The inline namespace's name, spelled out: a change of it is a change of the ABI, and must be meant.
#include <narthex/narthex.hpp>

#include <cstdio>
#include <cstring>
#include <type_traits>

#define TEXT_OF(x) #x
#define TEXT(x) TEXT_OF(x)

static_assert(NARTHEX_VERSION_MAJOR == 0 && NARTHEX_VERSION_MINOR == 1 && NARTHEX_VERSION_PATCH == 0,
              "a new version: write its name below");

#if !NARTHEX_HAS(METRICS) && NARTHEX_HAS(THREADS) && NARTHEX_HAS(HEAP) && NARTHEX_HAS(ATOMIC64)
#define EXPECTED v0_1_0_mt_off
#elif NARTHEX_HAS(THREADS) && NARTHEX_HAS(HEAP) && NARTHEX_HAS(ATOMIC64)
#define EXPECTED v0_1_0_mt
#elif NARTHEX_HAS(THREADS) && NARTHEX_HAS(HEAP)
#define EXPECTED v0_1_0_mt_a32
#elif NARTHEX_HAS(THREADS) && NARTHEX_HAS(ATOMIC64)
#define EXPECTED v0_1_0_mt_nh
#elif NARTHEX_HAS(THREADS)
#define EXPECTED v0_1_0_mt_nh_a32
#elif NARTHEX_HAS(CRITICAL) && NARTHEX_HAS(ATOMIC64)
#define EXPECTED v0_1_0_isr_cs_nh
#elif NARTHEX_HAS(CRITICAL)
#define EXPECTED v0_1_0_isr_cs_nh_a32
#elif NARTHEX_HAS(CONCURRENCY) && NARTHEX_HAS(HEAP) && NARTHEX_HAS(ATOMIC64)
#define EXPECTED v0_1_0_isr
#elif NARTHEX_HAS(CONCURRENCY) && NARTHEX_HAS(ATOMIC64)
#define EXPECTED v0_1_0_isr_nh
#elif NARTHEX_HAS(CONCURRENCY)
#define EXPECTED v0_1_0_isr_nh_a32
#elif NARTHEX_HAS(HEAP)
#define EXPECTED v0_1_0_st
#else
#define EXPECTED v0_1_0_st_nh
#endif

// It is there under this very name, and the short name means the same.
static_assert(std::is_same<narthex::status, narthex::EXPECTED::status>::value, "the namespace is inline");
static_assert(std::is_same<narthex::counter, narthex::EXPECTED::counter>::value, "the namespace is inline");

int main() {
  std::printf("%s\n", TEXT(NARTHEX_ABI));
  return std::strcmp(TEXT(NARTHEX_ABI), TEXT(EXPECTED)) == 0 ? 0 : 1;
}
