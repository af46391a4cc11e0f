// narthex/detail/native_bounds.hpp - where the finest buckets of a native histogram end, between two powers of two.
// Room: balconies. SPDX-License-Identifier: MIT
#ifndef NARTHEX_DETAIL_NATIVE_BOUNDS_HPP
#define NARTHEX_DETAIL_NATIVE_BOUNDS_HPP

#include <cstdint>

#include "narthex/config.hpp"

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
