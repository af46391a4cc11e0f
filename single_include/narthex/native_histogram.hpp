// narthex/native_histogram.hpp 0.1.0, in one file. Made by single_include/amalgamate.py: do not edit.
//
// MIT License
//
// Copyright (c) 2026 narthex contributors
//
// Permission is hereby granted, free of charge, to any person obtaining a copy
// of this software and associated documentation files (the "Software"), to deal
// in the Software without restriction, including without limitation the rights
// to use, copy, modify, merge, publish, distribute, sublicense, and/or sell
// copies of the Software, and to permit persons to whom the Software is
// furnished to do so, subject to the following conditions:
//
// The above copyright notice and this permission notice shall be included in all
// copies or substantial portions of the Software.
//
// THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR
// IMPLIED, INCLUDING BUT NOT LIMITED TO THE WARRANTIES OF MERCHANTABILITY,
// FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE
// AUTHORS OR COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER
// LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING FROM,
// OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE
// SOFTWARE.

#include "narthex.hpp"

// ==== narthex/detail/native_bounds.hpp ==========================================================
// narthex/detail/native_bounds.hpp - where the finest buckets of a native histogram end, between two powers of two.
// Room: balconies. SPDX-License-Identifier: MIT
#ifndef NARTHEX_DETAIL_NATIVE_BOUNDS_HPP
#define NARTHEX_DETAIL_NATIVE_BOUNDS_HPP

#include <cstdint>


NARTHEX_BEGIN_NAMESPACE
namespace detail {

/// ends[k]: the 52 bits of fraction of 2^(k/256), as servers and the Go client have it: two thirds of the values differ from
/// the correctly rounded ones, and a boundary must be the same everywhere. The last ends all.
/// ahead[top]: how many more ends than `top` lie below a fraction that begins with these 8 bits; two at most lie within.
/// Source: model/histogram of Prometheus; every value is compared by tests/unit/native_histogram_test.cpp.
template <class Once>
struct native_bounds {
  static constexpr std::uint64_t ends[257] = {
    0x00000000000000, 0x000b1afa5abcbf, 0x00163da9fb3335, 0x002168143b0281, 0x002c9a3e778061, 0x0037d42e11bbcc, 0x004315e86e7f84,
    0x004e5f72f654b1, 0x0059b0d3158574, 0x00650a0e3c1f89, 0x00706b29ddf6dd, 0x007bd42b72a836, 0x00874518759bc8, 0x0092bdf66607e0,
    0x009e3ecac6f383, 0x00a9c79b1f3919, 0x00b5586cf9890f, 0x00c0f145e46c85, 0x00cc922b7247f6, 0x00d83b23395dea, 0x00e3ec32d3d1a2,
    0x00efa55fdfa9c5, 0x00fb66affed31a, 0x01073028d7233d, 0x011301d0125b50, 0x011edbab5e2ab5, 0x012abdc06c31cb, 0x0136a814f204aa,
    0x01429aaea92ddf, 0x014e95934f312d, 0x015a98c8a58e50, 0x0166a45471c3c1, 0x0172b83c7d517b, 0x017ed48695bbc0, 0x018af9388c8de9,
    0x01972658375d2f, 0x01a35beb6fcb75, 0x01af99f8138a1c, 0x01bbe084045cd3, 0x01c82f95281c6b, 0x01d4873168b9aa, 0x01e0e75eb44026,
    0x01ed5022fcd91c, 0x01f9c18438ce4c, 0x02063b88628cd6, 0x0212be3578a819, 0x021f49917ddc95, 0x022bdda27912d0, 0x02387a6e756238,
    0x02451ffb82140a, 0x0251ce4fb2a63e, 0x025e85711ece74, 0x026b4565e27cdd, 0x02780e341ddf2a, 0x0284dfe1f56380, 0x0291ba7591bb6f,
    0x029e9df51fdee1, 0x02ab8a66d10f13, 0x02b87fd0dad98f, 0x02c57e39771b2e, 0x02d285a6e4030b, 0x02df961f641589, 0x02ecafa93e2f55,
    0x02f9d24abd886a, 0x0306fe0a31b715, 0x031432edeeb2fd, 0x032170fc4cd831, 0x032eb83ba8ea32, 0x033c08b26416ff, 0x03496266e3fa2d,
    0x0356c55f929ff0, 0x036431a2de883a, 0x0371a7373aa9ca, 0x037f26231e7549, 0x038cae6d05d864, 0x039a401b7140ed, 0x03a7db34e59ff6,
    0x03b57fbfec6cf4, 0x03c32dc313a8e3, 0x03d0e544ede172, 0x03dea64c123422, 0x03ec70df1c5175, 0x03fa4504ac801b, 0x040822c367a024,
    0x04160a21f72e2a, 0x0423fb2709468a, 0x0431f5d950a896, 0x043ffa3f84b9d4, 0x044e086061892d, 0x045c2042a7d232, 0x046a41ed1d0057,
    0x04786d668b3236, 0x0486a2b5c13cd0, 0x0494e1e192aed2, 0x04a32af0d7d3de, 0x04b17dea6db7d7, 0x04bfdad5362a27, 0x04ce41b817c114,
    0x04dcb299fddd0d, 0x04eb2d81d8abfe, 0x04f9b2769d2ca7, 0x0508417f4531ef, 0x0516daa2cf6642, 0x05257de83f4eef, 0x05342b569d4f81,
    0x0542e2f4f6ad27, 0x0551a4ca5d920d, 0x056070dde910d0, 0x056f4736b527da, 0x057e27dbe2c4cf, 0x058d12d497c7fc, 0x059c0827ff07cb,
    0x05ab07dd485429, 0x05ba11fba87a02, 0x05c9268a5946b6, 0x05d84590998b92, 0x05e76f15ad2148, 0x05f6a320dceb71, 0x0605e1b976dc08,
    0x06152ae6cdf6f4, 0x06247eb03a5584, 0x0633dd1d1929fd, 0x06434634ccc31e, 0x0652b9febc8fb5, 0x06623882552224, 0x0671c1c70833f5,
    0x068155d44ca972, 0x0690f4b19e9537, 0x06a09e667f3bcc, 0x06b052fa75173e, 0x06c012750bdabe, 0x06cfdcddd47645, 0x06dfb23c651a2e,
    0x06ef9298593ae4, 0x06ff7df9519482, 0x070f7466f42e85, 0x071f75e8ec5f73, 0x072f8286ead089, 0x073f9a48a58172, 0x074fbd35d7cbfc,
    0x075feb564267c8, 0x077024b1ab6e09, 0x0780694fde5d3e, 0x0790b938ac1cf5, 0x07a11473eb0186, 0x07b17b0976cfda, 0x07c1ed0130c131,
    0x07d26a62ff86ef, 0x07e2f336cf4e61, 0x07f3878491c490, 0x080427543e1a10, 0x0814d2add106d8, 0x082589994cce11, 0x08364c1eb941f6,
    0x08471a4623c7ab, 0x0857f4179f5b1f, 0x0868d99b4492eb, 0x0879cad931a435, 0x088ac7d98a6697, 0x089bd0a478580d, 0x08ace5422aa0db,
    0x08be05bad61778, 0x08cf3216b5448b, 0x08e06a5e0866d8, 0x08f1ae99157736, 0x0902fed0282c8a, 0x09145b0b91ffc5, 0x0925c353aa2fe2,
    0x093737b0cdc5e4, 0x0948b82b5f98e4, 0x095a44cbc8520d, 0x096bdd9a7670b1, 0x097d829fde4e4f, 0x098f33e47a22a2, 0x09a0f170ca07b8,
    0x09b2bb4d53fe0b, 0x09c49182a3f08f, 0x09d674194bb8d4, 0x09e86319e32321, 0x09fa5e8d07f29c, 0x0a0c667b5de564, 0x0a1e7aed8eb8bb,
    0x0a309bec4a2d32, 0x0a42c980460ad7, 0x0a5503b23e255b, 0x0a674a8af46051, 0x0a799e1330b356, 0x0a8bfe53c12e57, 0x0a9e6b5579fdbe,
    0x0ab0e521356eb9, 0x0ac36bbfd3f378, 0x0ad5ff3a3c2773, 0x0ae89f995ad3ac, 0x0afb4ce622f2fe, 0x0b0e07298db663, 0x0b20ce6c9a8950,
    0x0b33a2b84f15fa, 0x0b468415b749b0, 0x0b59728de55938, 0x0b6c6e29f1c529, 0x0b7f76f2fb5e45, 0x0b928cf22749e2, 0x0ba5b030a10647,
    0x0bb8e0b79a6f1d, 0x0bcc1e904bc1d0, 0x0bdf69c3f3a205, 0x0bf2c25bd71e06, 0x0c06286141b33b, 0x0c199bdd85529a, 0x0c2d1cd9fa652a,
    0x0c40ab5fffd078, 0x0c544778fafb20, 0x0c67f12e57d149, 0x0c7ba88988c931, 0x0c8f6d9406e7b2, 0x0ca3405751c4d8, 0x0cb720dcef9066,
    0x0ccb0f2e6d1672, 0x0cdf0b555dc3f6, 0x0cf3155b5bab70, 0x0d072d4a078979, 0x0d1b532b08c966, 0x0d2f87080d89ee, 0x0d43c8eacaa1d3,
    0x0d5818dcfba486, 0x0d6c76e862e6d2, 0x0d80e316c98396, 0x0d955d71ff6074, 0x0da9e603db3284, 0x0dbe7cd63a8313, 0x0dd321f301b45e,
    0x0de7d5641c0656, 0x0dfc97337b9b5d, 0x0e11676b197d16, 0x0e264614f5a126, 0x0e3b333b16ee0f, 0x0e502ee78b3ff5, 0x0e653924676d75,
    0x0e7a51fbc74c81, 0x0e8f7977cdb73e, 0x0ea4afa2a490d8, 0x0eb9f4867cca6d, 0x0ecf482d8e67ee, 0x0ee4aaa218850e, 0x0efa1bee615a26,
    0x0f0f9c1cb64129, 0x0f252b376bba95, 0x0f3ac948dd7272, 0x0f50765b6e453e, 0x0f6632798844f6, 0x0f7bfdad9cbe10, 0x0f91d802243c86,
    0x0fa7c1819e90d6, 0x0fbdba3692d512, 0x0fd3c22b8f71ee, 0x0fe9d96b2a23d6, 0x10000000000000};
  static constexpr unsigned char ahead[256] = {
    0, 1, 1, 2, 2, 3, 3, 3, 4, 4, 5, 5, 5, 6, 6, 7, 7, 7, 8, 8, 8, 9, 9, 9, 10, 10, 10, 11, 11, 11, 11, 12,
    12, 12, 13, 13, 13, 13, 14, 14, 14, 14, 15, 15, 15, 15, 16, 16, 16, 16, 16, 17, 17, 17, 17, 17, 18, 18, 18, 18, 18, 18, 19, 19,
    19, 19, 19, 19, 20, 20, 20, 20, 20, 20, 20, 20, 21, 21, 21, 21, 21, 21, 21, 21, 21, 21, 21, 22, 22, 22, 22, 22, 22, 22, 22, 22,
    22, 22, 22, 22, 22, 22, 22, 22, 22, 22, 22, 22, 22, 23, 23, 23, 23, 23, 23, 23, 23, 23, 23, 22, 22, 22, 22, 22, 22, 22, 22, 22,
    22, 22, 22, 22, 22, 22, 22, 22, 22, 22, 22, 22, 22, 22, 21, 21, 21, 21, 21, 21, 21, 21, 21, 21, 21, 21, 20, 20, 20, 20, 20, 20,
    20, 20, 20, 19, 19, 19, 19, 19, 19, 19, 19, 18, 18, 18, 18, 18, 18, 18, 17, 17, 17, 17, 17, 17, 17, 16, 16, 16, 16, 16, 16, 15,
    15, 15, 15, 15, 14, 14, 14, 14, 14, 14, 13, 13, 13, 13, 13, 12, 12, 12, 12, 12, 11, 11, 11, 11, 10, 10, 10, 10, 10, 9, 9, 9,
    9, 8, 8, 8, 8, 7, 7, 7, 7, 7, 6, 6, 6, 6, 5, 5, 5, 5, 4, 4, 4, 3, 3, 3, 3, 2, 2, 2, 2, 1, 1, 1};
};
template <class Once>
constexpr std::uint64_t native_bounds<Once>::ends[257];
template <class Once>
constexpr unsigned char native_bounds<Once>::ahead[256];

}  // namespace detail
NARTHEX_END_NAMESPACE

#endif  // NARTHEX_DETAIL_NATIVE_BOUNDS_HPP

// ==== narthex/detail/native_scale.hpp ===========================================================
// narthex/detail/native_scale.hpp - which bucket of a native histogram a value falls in, exactly, without a logarithm.
// Room: balconies. Read detail/native_bounds.hpp first. SPDX-License-Identifier: MIT
#ifndef NARTHEX_DETAIL_NATIVE_SCALE_HPP
#define NARTHEX_DETAIL_NATIVE_SCALE_HPP

#include <cstdint>


NARTHEX_BEGIN_NAMESPACE
namespace detail {

// Bucket i of schema n holds what is above 2^((i-1)/2^n) and not above 2^(i/2^n); infinity has the one behind that of the
// largest double. A bucket of schema n is two of schema n + 1, so all schemas are counted from the finest, and the bits of the
// double say which: no frexp, no log, nothing that -ffast-math could change.
//
// Source: Prometheus, "Native histograms", Schema.
struct native_scale {
  enum : int { coarsest = -4, finest = 8 };
  // Indexes of the finest schema are kept as positive numbers of 20 bits: this is 0.
  enum : std::uint32_t { zero_at = 1u << 19 };

  /// The finest index of a value above 0, from its bits without the sign: zero_at stands for 0.
  static std::uint32_t finest_of(std::uint64_t magnitude) noexcept {
    std::uint64_t exponent = magnitude >> 52;
    std::uint64_t fraction = magnitude & fraction_bits;
    if (!NARTHEX_DETAIL_LIKELY(exponent - 1 < 0x7fe)) {
      if (exponent) return of_infinity;
      exponent = 1;  // subnormal: the leading bit is moved to where it is not written
      for (fraction <<= 1; fraction <= fraction_bits; fraction <<= 1) --exponent;
      --exponent;
      fraction &= fraction_bits;
    }
    using bounds = native_bounds<void>;
    std::uint32_t k = static_cast<std::uint32_t>(fraction >> 44);
    k += bounds::ahead[k];
    k += static_cast<std::uint32_t>(bounds::ends[k] < fraction);
    k += static_cast<std::uint32_t>(bounds::ends[k] < fraction);
    return static_cast<std::uint32_t>((exponent - 1023) * 256 + k + zero_at);
  }

  /// The bucket of a coarser schema, `steps` below the finest, that has the finest bucket in it.
  static std::uint32_t coarser(std::uint32_t finest_index, unsigned steps) noexcept {
    return ((finest_index + (1u << steps) - 1) >> steps) + zero_at - (zero_at >> steps);
  }
  /// The last of the finest buckets in a bucket of a coarser schema.
  static std::uint32_t last_in(std::uint32_t index, unsigned steps) noexcept { return ((index - zero_at) << steps) + zero_at; }

  /// Where a bucket of the finest schema ends; infinity for the one that holds infinity.
  static double end_of(std::uint32_t finest_index) noexcept {
    if (finest_index >= of_largest) return bits_double(finest_index == of_largest ? largest_bits : std::uint64_t{0x7ff} << 52);
    const std::int32_t index = static_cast<std::int32_t>(finest_index - zero_at);
    const std::int32_t exponent = static_cast<std::int32_t>((finest_index - zero_at + (2048u << 8)) >> 8) - 2048;
    const std::uint64_t fraction = native_bounds<void>::ends[index & 0xff];
    if (exponent >= -1022) return bits_double(static_cast<std::uint64_t>(exponent + 1023) << 52 | fraction);
    // Subnormal: rounded to the nearest, ties to even.
    const std::uint64_t whole = fraction | (fraction_bits + 1);
    const unsigned off = static_cast<unsigned>(-1022 - exponent);
    if (off > 53) return 0;
    const std::uint64_t kept = whole >> off, lost = whole & ((std::uint64_t{1} << off) - 1), half = std::uint64_t{1} << (off - 1);
    return bits_double(kept + static_cast<std::uint64_t>(lost > half || (lost == half && (kept & 1) != 0)));
  }

  /// The coarsest schema whose buckets grow by no more than `factor`, which is above 1: 3 for 1.1. At the borders themselves it
  /// says what the Go client's logarithms say.
  static int schema_of(double factor) noexcept {
    const double growth[] = {65536, 256, 16, 4, 2, 1.4142135623730951, 1.1892071150027212, 1.0905077326652577,
                             1.044273782427414, 1.0218971486541166, 1.0108892860517005, 1.005429901112803};
    int schema = coarsest;
    for (const double g : growth) {
      if (!is_less(factor, g)) break;
      ++schema;
    }
    return schema;
  }

 private:
  enum : std::uint64_t { fraction_bits = (std::uint64_t{1} << 52) - 1, largest_bits = (std::uint64_t{0x7ff} << 52) - 1 };
  enum : std::uint32_t { of_largest = zero_at + 1024 * 256, of_infinity = of_largest + 1 };
};

}  // namespace detail
NARTHEX_END_NAMESPACE

#endif  // NARTHEX_DETAIL_NATIVE_SCALE_HPP

// ==== narthex/native_buckets.hpp ================================================================
// narthex/native_buckets.hpp - how fine the buckets of a native histogram are, and how many there may be.
// Room: balconies. Read buckets.hpp and detail/native_scale.hpp first. SPDX-License-Identifier: MIT
#ifndef NARTHEX_NATIVE_BUCKETS_HPP
#define NARTHEX_NATIVE_BUCKETS_HPP

#include <chrono>
#include <cstdint>


NARTHEX_BEGIN_NAMESPACE

/// What a native histogram does with its values.
///
/// A bucket ends where the next begins, `factor` times further. When a new bucket would be one more than max_buckets, then
/// (1) the zero bucket takes in the bucket nearest to it, if that ends at max_zero_threshold at the latest; or else
/// (2) two buckets become one, again and again until there is room, down to schema -4, which has 270 buckets at most.
/// If reset_after is set, a scrape that comes so long after the beginning takes what has been counted, and the histogram begins
/// anew with what it was given here: Prometheus sees an ordinary reset.
///
/// Errors: registration refuses errc::bad_native_buckets: a factor not above 1, a schema outside -4..8, no or more than 256 buckets, a
///         threshold that is negative or no number, more than 64 classic bounds; errc::bad_buckets: those bounds themselves.
/// Source: client_golang, HistogramOpts. It resets at the observation that finds no room, and what was counted since the last
///         scrape is lost; here nothing is, and the scrape decides.
class native_buckets {
 public:
  enum : unsigned { max_bounds = 64, max_count = 256 };

  native_buckets() noexcept
      : schema_(3), most_(160), reset_seconds_(0), zero_threshold_(detail::bits_double(std::uint64_t{0x37f} << 52)), max_zero_threshold_(0),
        classic_(nullptr, 0), clock_(&steady_seconds) {}

  /// How much further a bucket reaches than the one before, at most: 1.1 unless said otherwise. The schema is the coarsest that
  /// does not grow by more, 8 (by 1.0027) at best.
  native_buckets& factor(double growth) noexcept {
    schema_ = detail::is_finite(growth) && detail::is_less(1, growth) ? detail::native_scale::schema_of(growth) : bad_schema;
    return *this;
  }
  /// The same by schema: a bucket grows by 2^(2^-n); -4..8.
  native_buckets& schema(int n) noexcept {
    schema_ = n;
    return *this;
  }
  /// How many buckets there may be, of both signs, the zero bucket aside: 160 unless said otherwise.
  native_buckets& max_buckets(unsigned count) noexcept {
    most_ = count;
    return *this;
  }
  /// Values this far from 0 count as 0: 2^-128 unless said otherwise.
  native_buckets& zero_threshold(double width) noexcept {
    zero_threshold_ = width;
    return *this;
  }
  /// How far the zero bucket may grow when buckets run out: not at all unless said otherwise.
  native_buckets& max_zero_threshold(double width) noexcept {
    max_zero_threshold_ = width;
    return *this;
  }
  /// How long a histogram that has lost resolution keeps it so: for ever (0) unless said otherwise.
  native_buckets& reset_after_seconds(std::uint32_t passed) noexcept {
    reset_seconds_ = passed;
    return *this;
  }
  /// Counts in these bounds, too, for who scrapes text and for servers without native histograms.
  native_buckets& classic(const buckets& bounds) noexcept {
    classic_ = bounds;
    return *this;
  }
  /// Where the seconds come from; any origin. The steady clock unless said otherwise; read at scrapes.
  native_buckets& clock(std::uint32_t (*seconds)()) noexcept {
    clock_ = seconds;
    return *this;
  }

  int schema() const noexcept { return schema_; }
  unsigned max_buckets() const noexcept { return most_; }
  double zero_threshold() const noexcept { return zero_threshold_; }
  double max_zero_threshold() const noexcept { return max_zero_threshold_; }
  std::uint32_t reset_after_seconds() const noexcept { return reset_seconds_; }
  const buckets& classic() const noexcept { return classic_; }
  std::uint32_t now_seconds() const noexcept { return clock_(); }

  errc validate(std::size_t& at) const noexcept {
    at = 0;
    const bool is_good = schema_ >= detail::native_scale::coarsest && schema_ <= detail::native_scale::finest && most_ != 0 &&
                         most_ <= max_count && classic_.size() <= max_bounds && is_width(zero_threshold_) && is_width(max_zero_threshold_);
    if (!is_good) return errc::bad_native_buckets;
    at = classic_.first_bad();
    return at == classic_.size() ? errc::ok : errc::bad_buckets;
  }
  friend bool operator==(const native_buckets& a, const native_buckets& b) noexcept {
    return a.schema_ == b.schema_ && a.most_ == b.most_ && a.reset_seconds_ == b.reset_seconds_ &&
           detail::double_bits(a.zero_threshold_) == detail::double_bits(b.zero_threshold_) &&
           detail::double_bits(a.max_zero_threshold_) == detail::double_bits(b.max_zero_threshold_) && a.classic_ == b.classic_;
  }

 private:
  enum : int { bad_schema = 127 };
  static bool is_width(const double& width) noexcept {
    return detail::is_finite(width) && !(detail::double_bits(width) >> 63);
  }
  static std::uint32_t steady_seconds() noexcept {
    const auto now = std::chrono::steady_clock::now().time_since_epoch();
    return static_cast<std::uint32_t>(std::chrono::duration_cast<std::chrono::seconds>(now).count());
  }
  int schema_;
  unsigned most_;
  std::uint32_t reset_seconds_;
  double zero_threshold_, max_zero_threshold_;
  buckets classic_;
  std::uint32_t (*clock_)();
};

NARTHEX_END_NAMESPACE

#endif  // NARTHEX_NATIVE_BUCKETS_HPP

// ==== narthex/detail/native_stage.hpp ===========================================================
// narthex/detail/native_stage.hpp - the buckets of one resolution, found by number, as many as have been hit.
// Room: balconies. Read detail/adaptive_distribution.hpp and detail/native_scale.hpp first. SPDX-License-Identifier: MIT
#ifndef NARTHEX_DETAIL_NATIVE_STAGE_HPP
#define NARTHEX_DETAIL_NATIVE_STAGE_HPP

#include <cstddef>
#include <cstdint>
#include <new>


#if NARTHEX_HAS(HEAP)

NARTHEX_BEGIN_NAMESPACE
namespace detail {

/// What a cell of a native histogram counts: a bucket of the native histogram and one of the classic at once, so that one count
/// and one sum belong to both. A number of 32 bits, never 0.
struct native_key {
  enum : std::uint32_t { taken = 1u << 31, negative = 1u << 20, index_mask = negative - 1, zero_bucket = 0, native_mask = 2 * negative - 1 };

  static std::uint32_t of(std::uint32_t index, bool is_negative, unsigned classic) noexcept {
    return taken | classic << 21 | (is_negative ? +negative : 0u) | index;
  }
  static std::uint32_t index(std::uint32_t key) noexcept { return key & index_mask; }
  static unsigned classic(std::uint32_t key) noexcept { return (key & ~taken) >> 21; }
  /// The bucket of the native histogram alone: sign and index.
  static std::uint32_t native(std::uint32_t key) noexcept { return key & native_mask; }
  static std::uint32_t with_index(std::uint32_t key, std::uint32_t index) noexcept { return (key & ~index_mask) | index; }
};

/// Cells in a table with open addressing: the place of a key is the number of its cell in a distribution. Keys are put in by a
/// compare-exchange and stay, until a restart.
///
/// Order: a key stands before anything is counted under it. On a restart keys go first, and then the distribution's
///        generation: whoever counts in the new one sees them gone. (tests/litmus/native.litmus)
class native_stage {
 public:
  /// Of a stage with `places` (a power of two) cells.
  static constexpr std::size_t bytes(std::size_t places) noexcept {
    return round_up(sizeof(native_stage)) + round_up(places * sizeof(shared<std::uint32_t>)) + adaptive_distribution::bytes(places);
  }
  native_stage(void* memory, unsigned places, int of_schema, const shared<std::uint32_t>& present_era) noexcept
      : observed(static_cast<char*>(memory) + round_up(sizeof(native_stage)) + round_up(places * sizeof(shared<std::uint32_t>)), places),
        steps(static_cast<unsigned>(native_scale::finest - of_schema)), mask_(places - 1), era_(present_era) {
    for (unsigned i = 0; i < places; ++i) new (keys() + i) shared<std::uint32_t>(0);
  }

  int schema() const noexcept { return native_scale::finest - static_cast<int>(steps); }
  unsigned size() const noexcept { return mask_ + 1; }
  std::uint32_t key_at(unsigned cell) const noexcept { return keys()[cell].load(memory_order_relaxed); }

  /// The key's cell; nowhere when it has none.
  unsigned find(std::uint32_t key) const noexcept {
    for (unsigned at = begin(key);; at = (at + 1) & mask_) {
      const std::uint32_t seen = keys()[at].load(memory_order_relaxed);
      if (NARTHEX_DETAIL_LIKELY(seen == key)) return at;
      if (seen == 0 || at == ((begin(key) - 1) & mask_)) return nowhere;
    }
  }
  /// Counts under the key, if it has a cell, and the histogram's era is still this one when it is certain what a restart takes along.
  /// Two registers: with more, whatever is handed on in memory, an observation took twice as long.
  bool observe(std::uint32_t key, std::uint32_t era, double value) noexcept { return observed.observe_by(cell_of{this, era, key}, value); }

  /// Puts the key in; false when there is no place.
  bool insert(std::uint32_t key) noexcept {
    for (unsigned i = 0, at = begin(key); i <= mask_; ++i, at = (at + 1) & mask_) {
      std::uint32_t seen = 0;
      if (keys()[at].compare_exchange_strong(seen, key, memory_order_relaxed, memory_order_relaxed) || seen == key) return true;
    }
    return false;
  }
  void restart() noexcept {
    for (unsigned i = 0; i <= mask_; ++i) keys()[i].store(0, memory_order_relaxed);
    observed.restart();
  }

  adaptive_distribution observed;
  const unsigned steps;  // from the finest schema

 private:
  struct cell_of {
    enum : bool { may_refuse = true };
    const native_stage* stage;
    std::uint32_t era, key;
    unsigned operator()() const noexcept {
      return NARTHEX_DETAIL_LIKELY(stage->era_.load(memory_order_relaxed) == era) ? stage->find(key) : +nowhere;
    }
  };

  // Neighbours lie side by side; of what is in both signs, or in several classic buckets, the others lie elsewhere.
  unsigned begin(std::uint32_t key) const noexcept { return (key + (key >> 20) * 13) & mask_; }
  shared<std::uint32_t>* keys() const noexcept {
    return reinterpret_cast<shared<std::uint32_t>*>(reinterpret_cast<char*>(const_cast<native_stage*>(this)) + round_up(sizeof(native_stage)));
  }
  const unsigned mask_;
  const shared<std::uint32_t>& era_;
};

}  // namespace detail
NARTHEX_END_NAMESPACE

#endif  // NARTHEX_HAS(HEAP)

#endif  // NARTHEX_DETAIL_NATIVE_STAGE_HPP

// ==== narthex/detail/native_tally.hpp ===========================================================
// narthex/detail/native_tally.hpp - counts of native buckets, brought to one schema and one zero bucket, in order.
// Room: balconies. Read detail/native_scale.hpp first. SPDX-License-Identifier: MIT
#ifndef NARTHEX_DETAIL_NATIVE_TALLY_HPP
#define NARTHEX_DETAIL_NATIVE_TALLY_HPP

#include <cstdint>
#include <cstring>


#if NARTHEX_HAS(HEAP) && NARTHEX_HAS(METRICS)

NARTHEX_BEGIN_NAMESPACE
namespace detail {

/// Buckets in order of their numbers (native_key::native: the positive ones first) with their counts, in arrays of the caller's.
class native_tally {
 public:
  enum : unsigned { most = buckets::max_bounds + 1 };

  /// steps: of the schema wanted, from the finest. zero_up_to: the last finest bucket that is part of the zero bucket; 0: none is.
  native_tally(std::int32_t* which, std::uint64_t* how_many, unsigned room, unsigned steps, std::uint32_t zero_up_to) noexcept
      : zero(0), size(0), which_(which), how_many_(how_many), room_(room), steps_(steps), zero_up_to_(zero_up_to) {}

  /// The bucket here of one of another schema, that is not coarser; 0: the zero bucket.
  std::uint32_t place_of(std::uint32_t native, unsigned steps) const noexcept {
    const std::uint32_t index = native_key::index(native);
    if (index == native_key::zero_bucket) return 0;
    const std::uint32_t finest = native_scale::last_in(index, steps);
    return finest <= zero_up_to_ ? 0 : native_key::with_index(native, native_scale::coarser(finest, steps_));
  }
  void add(std::uint32_t native, unsigned steps, std::uint64_t count) noexcept {
    const std::int32_t place = static_cast<std::int32_t>(place_of(native, steps));
    if (place == 0) {
      zero += count;
      return;
    }
    unsigned at = find(place);
    if (at < size && which_[at] == place) {
      how_many_[at] += count;
    } else if (size < room_) {
      std::memmove(which_ + at + 1, which_ + at, (size - at) * sizeof *which_);
      std::memmove(how_many_ + at + 1, how_many_ + at, (size - at) * sizeof *how_many_);
      which_[at] = place;
      how_many_[at] = count;
      ++size;
    } else {
      how_many_[at < size ? at : size - 1] += count;  // limits keep it from happening; if it did, the count would still be right
    }
  }
  bool has(std::uint32_t place) const noexcept {
    const unsigned at = find(static_cast<std::int32_t>(place));
    return at < size && which_[at] == static_cast<std::int32_t>(place);
  }
  /// The last finest bucket in the one nearest to zero; for a tally that is not empty.
  std::uint32_t nearest_zero() const noexcept {
    std::uint32_t nearest = native_key::index_mask;
    for (unsigned i = 0; i < size; ++i) {
      const std::uint32_t index = native_key::index(static_cast<std::uint32_t>(which_[i]));
      if (index < nearest) nearest = index;
    }
    return native_scale::last_in(nearest, steps_);
  }

  /// Fills the sample's view; the numbers become those that formats write.
  void show(native_counts& to, double zero_threshold) noexcept {
    unsigned positive = 0;
    for (unsigned i = 0; i < size; ++i) {
      const std::uint32_t native = static_cast<std::uint32_t>(which_[i]);
      positive += static_cast<unsigned>((native & native_key::negative) == 0);
      which_[i] = static_cast<std::int32_t>(native_key::index(native) - native_scale::zero_at);
    }
    to.schema = native_scale::finest - static_cast<int>(steps_);
    to.zero_threshold = zero_threshold;
    to.zero_count = zero;
    to.positive = positive;
    to.negative = size - positive;
    to.indexes = which_;
    to.counts = how_many_;
  }

  /// Adds a sample of another registry to `to`, in the coarser of their schemas and the wider of their zero buckets.
  static void merge(reading& to, const sample& other) noexcept {
    const native_counts& a = to.native_room;
    const native_counts& b = *other.native;
    const double threshold = is_less(a.zero_threshold, b.zero_threshold) ? b.zero_threshold : a.zero_threshold;
    std::uint32_t zero_up_to = threshold == 0 ? 0 : native_scale::finest_of(double_bits(threshold));
    if (zero_up_to && is_less(threshold, native_scale::end_of(zero_up_to))) --zero_up_to;
    std::int32_t which[most];
    std::uint64_t how_many[most];
    const unsigned in_classic = to.bounds->size() + 1;
    native_tally both(which, how_many, most - in_classic, static_cast<unsigned>(native_scale::finest - (a.schema < b.schema ? a.schema : b.schema)), zero_up_to);
    both.zero = a.zero_count + b.zero_count;
    for (const native_counts* const one : {&a, &b}) {
      for (unsigned i = 0; i < one->positive + one->negative; ++i) {
        const std::uint32_t sign = i < one->positive ? 0u : +native_key::negative;
        both.add(sign | (static_cast<std::uint32_t>(one->indexes[i]) + native_scale::zero_at),
                 static_cast<unsigned>(native_scale::finest - one->schema), one->counts[i]);
      }
    }
    std::memcpy(to.index_room, which, both.size * sizeof *which);
    std::memcpy(to.count_room + in_classic, how_many, both.size * sizeof *how_many);
    both.which_ = to.index_room;
    both.how_many_ = to.count_room + in_classic;
    both.show(to.native_room, threshold);
  }

  std::uint64_t zero;
  unsigned size;

 private:
  unsigned find(std::int32_t place) const noexcept {
    unsigned first = 0, beyond = size;
    while (first < beyond) {
      const unsigned middle = (first + beyond) / 2;
      if (which_[middle] < place) first = middle + 1;
      else beyond = middle;
    }
    return first;
  }
  std::int32_t* which_;
  std::uint64_t* how_many_;
  unsigned room_;
  unsigned steps_;
  std::uint32_t zero_up_to_;
};

}  // namespace detail
NARTHEX_END_NAMESPACE

#endif  // NARTHEX_HAS(HEAP) && NARTHEX_HAS(METRICS)

#endif  // NARTHEX_DETAIL_NATIVE_TALLY_HPP

// ==== narthex/detail/native_core.hpp ============================================================
// narthex/detail/native_core.hpp - the storage of one native histogram: stages, from many fine buckets to fewer coarse ones.
// Room: balconies. Read detail/native_stage.hpp and detail/native_tally.hpp first. SPDX-License-Identifier: MIT
#ifndef NARTHEX_DETAIL_NATIVE_CORE_HPP
#define NARTHEX_DETAIL_NATIVE_CORE_HPP

#include <cstddef>
#include <cstdint>
#include <new>


#if NARTHEX_HAS(HEAP)

NARTHEX_BEGIN_NAMESPACE
namespace detail {

/// Observations of one series. They go to the present stage; when that is full, or there are too many buckets, the next one, larger
/// or coarser, becomes the present one. Counts stay where they are: a snapshot reads all stages up to the present one, each
/// whole, and brings their buckets to the present schema.
///
/// Nothing here waits but a snapshot for another one. A stage is made by whoever needs it first, and of several who make it one wins.
///
/// Restart: by a reader. First the present stage is the first again, under another number; then every stage loses its keys, and then
///          what it has counted. An observation looks at that number again once it is certain which generation it will be of.
class native_core {
 public:
  static constexpr metric_type type = metric_type::histogram;
  static constexpr storage kind = storage::native;
  using args = native_buckets;
#if NARTHEX_HAS(METRICS)
  enum : unsigned { first_places = 32, most_places = 512 };
  enum : std::size_t { smallest_room = native_stage::bytes(first_places) };
  static args smallest() noexcept { return args(); }
  static errc validate(const args& a, std::size_t& at) noexcept { return a.validate(at); }
  static std::size_t args_room(const args& a) noexcept { return round_up(sizeof(args)) + a.classic().size() * sizeof(double); }
  /// Copies the classic bounds: a list in braces does not live long.
  static const args* keep(const args& a, void* memory) noexcept {
    double* const values = reinterpret_cast<double*>(static_cast<char*>(memory) + round_up(sizeof(args)));
    for (unsigned i = 0; i < a.classic().size(); ++i) values[i] = a.classic()[i];
    args* const kept = new (memory) args(a);
    kept->classic(buckets(values, a.classic().size()));
    return kept;
  }
  static std::size_t room(const args&) noexcept { return smallest_room; }

  native_core(const args& kept, void* memory) noexcept
      : choice_(kept), zero_bits_(double_bits(kept.zero_threshold())), growths_(1), era_(0), zero_up_to_(0), is_limited_(0), makers_(0),
        began_(kept.now_seconds()) {
    while (places_of(growths_ - 1) < wanted_places(kept)) ++growths_;
    for (shared<native_stage*>& s : stages_) s.store(nullptr, memory_order_relaxed);
    stages_[0].store(new (memory) native_stage(memory, first_places, kept.schema(), era_), memory_order_relaxed);
  }
  ~native_core() {
    for (unsigned i = 0; i < stages; ++i) {
      native_stage* const s = stages_[i].load(memory_order_acquire);
      if (!s) continue;
      s->~native_stage();
      if (i) release(s);
    }
  }
  native_core(const native_core&) = delete;
  native_core& operator=(const native_core&) = delete;

  /// False when there is no place for it.
  bool observe(double value) noexcept {
    const std::uint64_t bits = double_bits(value), magnitude = bits << 1 >> 1;
    const std::uint32_t finest = NARTHEX_DETAIL_LIKELY(magnitude > zero_bits_) ? native_scale::finest_of(magnitude) : 0;
    const unsigned classic = choice_.classic().size() ? choice_.classic().find(value) : 0;
    for (;;) {
      const std::uint32_t era = era_.load(memory_order_acquire);
      native_stage& s = *stages_[era % eras].load(memory_order_acquire);
      const std::uint32_t key = NARTHEX_DETAIL_LIKELY(finest > zero_up_to_.load(memory_order_relaxed))
                                    ? native_key::of(native_scale::coarser(finest, s.steps), bits >> 63 != 0, classic)
                                    : native_key::of(native_key::zero_bucket, false, classic);
      if (NARTHEX_DETAIL_LIKELY(s.observe(key, era, value))) return true;
      if (!make_room(s, era, key)) return false;
    }
  }

  /// With sum, counts and the native buckets of the same observations; restarts when it is time to.
  bool read(reading& out) const noexcept {
    const hold one_reader(reader_);
    const std::uint32_t era = era_.load(memory_order_acquire);
    const unsigned in_classic = choice_.classic().size() + 1;
    const std::uint32_t zero_up_to = zero_up_to_.load(memory_order_relaxed);
    native_tally buckets_now(out.index_room, out.count_room + in_classic, native_tally::most - in_classic,
                             stages_[era % eras].load(memory_order_acquire)->steps, zero_up_to);
    for (unsigned i = 0; i < in_classic; ++i) out.count_room[i] = 0;
    read_stages(era, out, [&](const native_stage& s, std::uint32_t key, std::uint64_t count) {
      out.count_room[native_key::classic(key)] += count;
      buckets_now.add(native_key::native(key), s.steps, count);
    });
    buckets_now.show(out.native_room, zero_up_to ? native_scale::end_of(zero_up_to) : choice_.zero_threshold());
    out.native_room.merge = &native_tally::merge;
    out.native = &out.native_room;
    out.is_more<metric_type::histogram>();
    out.counts = out.count_room;
    out.bounds_copy = choice_.classic();
    out.bounds = &out.bounds_copy;
    const bool is_due = is_limited_.load(memory_order_relaxed) != 0 && choice_.reset_after_seconds() != 0 &&
                        choice_.now_seconds() - began_ >= choice_.reset_after_seconds();
    out.native_room.restarts = is_due;
    if (is_due) const_cast<native_core*>(this)->restart_alone();
    return out.count != 0;
  }
  static bool read_at_once(reading&) noexcept { return false; }

  void read_totals(sample& out) const noexcept {
    const hold one_reader(reader_);
    read_stages(era_.load(memory_order_acquire), out, [](const native_stage&, std::uint32_t, std::uint64_t) {});
  }

  void restart() noexcept {
    const hold one_reader(reader_);
    restart_alone();
  }
  const args& chosen() const noexcept { return choice_; }

 private:
  enum : unsigned { most_growths = 5, stages = most_growths + 12, eras = 32 };  // an era: how often it restarted, and the stage

  // ---- the stages: growths_ of them double the room, each further one halves the resolution ----

  static unsigned places_of(unsigned growth) noexcept { return first_places << growth; }
  /// A quarter of the places stays free, for those who come while a larger stage is made. The coarsest schema has 269 buckets, and
  /// must never run out.
  static unsigned wanted_places(const args& a) noexcept {
    return a.schema() == native_scale::coarsest ? +most_places : (a.max_buckets() + a.classic().size() + 2) * 4 / 3;
  }
  int schema_of(unsigned stage) const noexcept {
    return choice_.schema() - static_cast<int>(stage < growths_ ? 0 : stage - growths_ + 1);
  }
  native_stage* stage_at(unsigned i) noexcept {
    native_stage* s = stages_[i].load(memory_order_acquire);
    if (s) return s;
    const unsigned places = schema_of(i) == native_scale::coarsest ? +most_places : places_of(i < growths_ ? i : growths_ - 1);
    // Observations made by an allocator of the user's come back to here: some time that must end.
    void* const memory = makers_.fetch_add(1, memory_order_relaxed) < 16 ? allocate(native_stage::bytes(places)) : nullptr;
    makers_.fetch_sub(1, memory_order_relaxed);
    if (!memory) return nullptr;
    native_stage* const made = new (memory) native_stage(memory, places, schema_of(i), era_);
    if (stages_[i].compare_exchange_strong(s, made, memory_order_acq_rel, memory_order_acquire)) return made;
    made->~native_stage();  // somebody was quicker
    release(made);
    return s;
  }

  /// For a key that its stage does not have: gives it a cell, or makes another stage the present one, or widens the zero bucket; then
  /// the observation is tried again. False when nothing helps.
  NARTHEX_DETAIL_COLD bool make_room(native_stage& s, std::uint32_t era, std::uint32_t key) noexcept {
    if (era_.load(memory_order_acquire) != era) return true;
    const std::uint32_t zero_up_to = zero_up_to_.load(memory_order_relaxed);
    std::int32_t which[native_tally::most];
    std::uint64_t unused[native_tally::most];
    native_tally there(which, unused, native_tally::most, s.steps, zero_up_to);
    unsigned taken = 0;
    for (unsigned i = 0; i < s.size(); ++i) {
      const std::uint32_t other = s.key_at(i);
      if (!other) continue;
      ++taken;
      there.add(native_key::native(other), s.steps, 0);
    }
    const std::uint32_t place = there.place_of(native_key::native(key), s.steps);
    const bool is_one_more = place != 0 && !there.has(place) && there.size >= choice_.max_buckets();
    if (is_one_more) {
      is_limited_.store(1, memory_order_relaxed);
      there.add(native_key::native(key), s.steps, 0);
      if (widen_zero(there.nearest_zero())) return true;
      if (go_coarser(s, era, key)) return true;
    }
    if (taken >= s.size() / 4 * 3) {
      const unsigned next = era % eras + 1;
      if (next < growths_ ? go_on(s, era, next) : go_coarser(s, era, key)) return true;
    }
    return s.insert(key);
  }
  bool widen_zero(std::uint32_t up_to) noexcept {
    if (is_less(choice_.max_zero_threshold(), native_scale::end_of(up_to))) return false;
    std::uint32_t before = zero_up_to_.load(memory_order_relaxed);
    while (before < up_to && !zero_up_to_.compare_exchange_weak(before, up_to, memory_order_relaxed, memory_order_relaxed)) {
    }
    return true;
  }
  bool go_on(const native_stage& from, std::uint32_t era, unsigned next) noexcept {
    native_stage* const to = stage_at(next);
    if (!to) return false;
    for (unsigned i = 0; i < from.size(); ++i) {
      if (const std::uint32_t key = from.key_at(i)) to->insert(key);
    }
    era_.compare_exchange_strong(era, era - era % eras + next, memory_order_acq_rel, memory_order_relaxed);
    return true;
  }
  /// To the first stage in which there is room for the key, too.
  bool go_coarser(const native_stage& from, std::uint32_t era, std::uint32_t newcomer) noexcept {
    if (from.schema() == native_scale::coarsest) return false;
    unsigned next = era % eras + 1;
    for (next = next < growths_ ? growths_ : next;; ++next) {
      native_stage* const to = stage_at(next);
      if (!to) return false;
      std::int32_t which[native_tally::most];
      std::uint64_t unused[native_tally::most];
      native_tally there(which, unused, native_tally::most, to->steps, zero_up_to_.load(memory_order_relaxed));
      there.add(native_key::native(newcomer), from.steps, 0);
      for (unsigned i = 0; i < from.size(); ++i) {
        const std::uint32_t key = from.key_at(i);
        if (!key) continue;
        there.add(native_key::native(key), from.steps, 0);
        const std::uint32_t place = there.place_of(native_key::native(key), from.steps);
        if (place) to->insert(native_key::with_index(key, native_key::index(place)));
      }
      if (there.size > choice_.max_buckets() && to->schema() > native_scale::coarsest) continue;
      era_.compare_exchange_strong(era, era - era % eras + next, memory_order_acq_rel, memory_order_relaxed);
      return true;
    }
  }

  // ---- by one reader at a time ----

  template <class Look>
  void read_stages(std::uint32_t era, sample& all, const Look& look) const noexcept {
    all.sum = 0;
    all.count = 0;
    for (unsigned i = 0; i <= era % eras; ++i) {
      const native_stage* const s = stages_[i].load(memory_order_acquire);
      if (!s) continue;
      std::uint64_t counts[most_places], count = 0;
      all.sum = add(all.sum, s->observed.read(counts, count));
      if (count == 0) continue;
      all.count += count;
      for (unsigned cell = 0; cell < s->size(); ++cell) {
        if (counts[cell]) look(*s, s->key_at(cell), counts[cell]);
      }
    }
  }
  void restart_alone() noexcept {
    era_.store((era_.load(memory_order_relaxed) / eras + 1) * eras, memory_order_relaxed);
    zero_up_to_.store(0, memory_order_relaxed);
    is_limited_.store(0, memory_order_relaxed);
    began_ = choice_.now_seconds();
    for (shared<native_stage*>& at : stages_) {
      if (native_stage* const s = at.load(memory_order_acquire)) s->restart();
    }
  }

  const args& choice_;
  const std::uint64_t zero_bits_;
  unsigned growths_;
  shared<std::uint32_t> era_;
  shared<std::uint32_t> zero_up_to_;  // the last finest bucket that the zero bucket has taken in; 0: none
  shared<std::uint32_t> is_limited_;  // buckets ran out since the beginning
  shared<std::uint32_t> makers_;
  std::uint32_t began_;
  mutable spin_lock reader_;
  shared<native_stage*> stages_[stages];
#endif  // NARTHEX_HAS(METRICS)
};
#if NARTHEX_HAS(METRICS)
template <>
struct is_in_place<native_core> : std::false_type {};
#endif

}  // namespace detail
NARTHEX_END_NAMESPACE

#endif  // NARTHEX_HAS(HEAP)

#endif  // NARTHEX_DETAIL_NATIVE_CORE_HPP

// ==== narthex/native_histogram.hpp ==============================================================
// narthex/native_histogram.hpp - observations counted in buckets that nobody has to choose.
// Room: balconies. Read histogram.hpp and detail/native_stage.hpp first. SPDX-License-Identifier: MIT
#ifndef NARTHEX_NATIVE_HISTOGRAM_HPP
#define NARTHEX_NATIVE_HISTOGRAM_HPP

#include <cstddef>
#include <cstdint>
#include <new>


#if NARTHEX_HAS(HEAP)

NARTHEX_BEGIN_NAMESPACE

/// Counts observations in buckets that grow exponentially and exist once something falls in them; the unit belongs in the name.
///
///   nx::native_histogram latency{"request_seconds", "Time to serve."};
///   nx::native_histogram size{"body_bytes", "Size.", nx::native_buckets().factor(1.2).classic(nx::buckets::exponential(64, 4, 8))};
///
/// Scraped as protobuf it has its native buckets; in every text format it has the classic ones it was given, or +Inf alone. It works
/// in nx::family, too. It needs a heap.
///
/// Threads: every member may be called from any thread at any time; an observation waits for nobody, as in a histogram.
/// Memory:  2.2 KB with up to 24 buckets, and 3.4, 6.2, 11.9 KB more beyond 24, 48, 96. Each loss of resolution adds one more of the
///          last size (the coarsest schema's has 23 KB), till the end. For each further thread that observes often 16 bytes a place. It is
///          asked for when a bucket is new, without throwing; without memory the places that are left are used, and then an
///          observation is refused and counted in narthex_refused_total{what="update"}.
/// A scrape sees whole observations only: _count is the sum of the buckets, native and classic, _sum is of the same observations.
/// Source:  Prometheus, "Native histograms"; limits as in the Go client, see native_buckets.
template <class Holder>
class NARTHEX_DETAIL_IDLE native_histogram_of : public Holder {
 public:
  using Holder::Holder;
  using series_handle = native_histogram_of<handle<typename Holder::core_type>>;

  /// Counts `value` in its bucket.
  ///
  /// value:  any sign. NaN is refused: counted in narthex_refused_total{what="update"}. Infinities have a bucket of their own and make
  ///         the sum infinite.
  /// Cost:   the bits of the value, two look-ups in tables, three stores; the search among classic bounds beside. The first
  ///         observation in a bucket looks through all of them, and may ask for memory.
  void observe(double value) noexcept {
    if (!NARTHEX_DETAIL_LIKELY(!detail::is_nan(value) && this->core().observe(value))) detail::refuse_update(this->node());
  }

  /// How many were observed since the last reset. Cost of both: a snapshot of all buckets.
  std::uint64_t count() const noexcept { return totals().count; }
  /// The sum of what was observed.
  double sum() const noexcept { return totals().sum; }

 private:
  sample totals() const noexcept {
    sample now;
    this->core().read_totals(now);
    return now;
  }
};

using native_histogram = native_histogram_of<handle<detail::native_core>>;

NARTHEX_END_NAMESPACE

#endif  // NARTHEX_HAS(HEAP)

#endif  // NARTHEX_NATIVE_HISTOGRAM_HPP
