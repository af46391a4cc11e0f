// narthex/native_buckets.hpp 0.1.0, in one file. Made by single_include/amalgamate.py: do not edit.
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
