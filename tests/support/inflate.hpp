// tests/support/inflate.hpp - reads gzip members, slowly and strictly: the judge of what narthex packs.
// Written from RFC 1951 and 1952 alone, by counting codes bit by bit, and shares nothing with the library.
#ifndef NARTHEX_TESTS_INFLATE_HPP
#define NARTHEX_TESTS_INFLATE_HPP

#include <cstddef>
#include <cstdint>

namespace check {

/// What was read, and how it was written.
struct inflated {
  const char* wrong = nullptr;  // what is not as it must be; null: nothing
  std::size_t size = 0;         // bytes put into the caller's room
  std::size_t members = 0;
  std::size_t stored = 0, standard = 0, own = 0;  // blocks
  unsigned farthest = 0, longest = 0;             // of all repeats
  unsigned longest_code = 0;
};

class inflater {
 public:
  inflater(const unsigned char* data, std::size_t size, unsigned char* room, std::size_t room_size)
      : data_(data), size_(size), at_(0), bit_(0), room_(room), room_size_(room_size), begun_(0) {}

  /// All members, up to the end of the data.
  inflated run() {
    do member();
    while (!r_.wrong && at_ < size_);
    return r_;
  }

 private:
  struct code {
    unsigned of_length[16];
    unsigned symbols[288];
  };

  void fail(const char* what) {
    if (!r_.wrong) r_.wrong = what;
  }
  unsigned bits(unsigned n) {
    unsigned value = 0;
    for (unsigned i = 0; i < n; ++i) {
      if (at_ >= size_) {
        fail("the data ends too early");
        return 0;
      }
      value |= (static_cast<unsigned>(data_[at_]) >> bit_ & 1u) << i;
      if (++bit_ == 8) {
        bit_ = 0;
        ++at_;
      }
    }
    return value;
  }
  void whole_byte() {
    while (bit_ != 0) {
      if (bits(1) != 0) fail("padding that is not zero");
    }
  }
  void put(unsigned char byte) {
    if (r_.size == room_size_) return fail("more than there is room for");
    room_[r_.size++] = byte;
  }

  void member() {
    ++r_.members;
    const unsigned char head[] = {0x1f, 0x8b, 8, 0, 0, 0, 0, 0};
    for (unsigned char byte : head) {
      if (bits(8) != byte) return fail("the header");
    }
    bits(8);
    bits(8);
    begun_ = r_.size;
    bool last = false;
    while (!last && !r_.wrong) {
      last = bits(1) != 0;
      const unsigned form = bits(2);
      if (form == 0) stored();
      else if (form == 1) standard();
      else if (form == 2) own();
      else fail("a form of block that does not exist");
    }
    if (r_.wrong) return;
    whole_byte();
    std::uint32_t sum = 0xffffffffu;
    for (std::size_t i = begun_; i < r_.size; ++i) {
      sum ^= room_[i];
      for (int k = 0; k < 8; ++k) sum = sum & 1 ? sum >> 1 ^ 0xedb88320u : sum >> 1;
    }
    std::uint32_t told = bits(16);
    told |= static_cast<std::uint32_t>(bits(16)) << 16;
    if (told != static_cast<std::uint32_t>(~sum)) fail("the check sum");
    told = bits(16);
    told |= static_cast<std::uint32_t>(bits(16)) << 16;
    if (told != static_cast<std::uint32_t>(r_.size - begun_)) fail("the size");
  }

  void stored() {
    ++r_.stored;
    whole_byte();
    const unsigned size = bits(16), inverse = bits(16);
    if ((size ^ inverse) != 0xffffu) fail("a stored block's size");
    for (unsigned i = 0; i < size && !r_.wrong; ++i) put(static_cast<unsigned char>(bits(8)));
  }
  void standard() {
    ++r_.standard;
    unsigned char lengths[288];
    for (unsigned i = 0; i < 288; ++i) lengths[i] = i < 144 ? 8 : i < 256 ? 9 : i < 280 ? 7 : 8;
    make(letters_, lengths, 288);
    for (unsigned i = 0; i < 30; ++i) lengths[i] = 5;
    make(distances_, lengths, 30);
    content();
  }
  void own() {
    ++r_.own;
    const unsigned letters = bits(5) + 257, distances = bits(5) + 1, shown = bits(4) + 4;
    if (letters > 286 || distances > 30) return fail("too many codes");
    const unsigned order[] = {16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15};
    unsigned char lengths[320] = {0};
    for (unsigned i = 0; i < shown; ++i) lengths[order[i]] = static_cast<unsigned char>(bits(3));
    if (!make(letters_, lengths, 19)) return fail("the code of the codes is not whole");
    for (unsigned i = 0; i < letters + distances;) {
      const unsigned symbol = next(letters_);
      if (r_.wrong) return;
      unsigned times = 1;
      unsigned char value = static_cast<unsigned char>(symbol);
      if (symbol == 16) {
        if (i == 0) return fail("a repeat of nothing");
        value = lengths[i - 1];
        times = 3 + bits(2);
      } else if (symbol > 16) {
        value = 0;
        times = symbol == 17 ? 3 + bits(3) : 11 + bits(7);
      }
      if (i + times > letters + distances) return fail("too many lengths");
      for (unsigned k = 0; k < times; ++k) lengths[i++] = value;
    }
    if (lengths[256] == 0) return fail("a block that cannot end");
    if (!make(letters_, lengths, letters)) return fail("the code of letters is not whole");
    unsigned used = 0, only = 0;
    for (unsigned i = 0; i < distances; ++i) {
      used += lengths[letters + i] != 0;
      only += lengths[letters + i];
    }
    if (!make(distances_, lengths + letters, distances) && used > 1) return fail("the code of distances is not whole");
    if (used == 1 && only != 1) return fail("a lone distance takes one bit");
    content();
  }

  /// Whether the code uses up all there is, exactly.
  bool make(code& c, const unsigned char* lengths, unsigned size) {
    for (unsigned& n : c.of_length) n = 0;
    unsigned n = 0;
    for (unsigned length = 1; length < 16; ++length) {
      for (unsigned s = 0; s < size; ++s) {
        if (lengths[s] != length) continue;
        c.symbols[n++] = s;
        ++c.of_length[length];
        if (length > r_.longest_code) r_.longest_code = length;
      }
    }
    unsigned left = 1;
    for (unsigned length = 1; length < 16; ++length) {
      left *= 2;
      if (left < c.of_length[length]) {
        fail("a code with more than there can be");
        return false;
      }
      left -= c.of_length[length];
    }
    return left == 0;
  }
  unsigned next(const code& c) {
    unsigned value = 0, first = 0, symbols = 0;
    for (unsigned length = 1; length < 16 && !r_.wrong; ++length) {
      value |= bits(1);
      if (value - first < c.of_length[length]) return c.symbols[symbols + value - first];
      symbols += c.of_length[length];
      first = (first + c.of_length[length]) * 2;
      value *= 2;
    }
    fail("no such code");
    return 0;
  }

  void content() {
    const unsigned length_base[] = {3,  4,  5,  6,  7,  8,  9,  10, 11,  13,  15,  17,  19,  23, 27,
                                    31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195, 227, 258};
    const unsigned length_extra[] = {0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0};
    const unsigned distance_base[] = {1,   2,   3,   4,   5,   7,    9,    13,   17,   25,   33,   49,   65,    97,    129,
                                      193, 257, 385, 513, 769, 1025, 1537, 2049, 3073, 4097, 6145, 8193, 12289, 16385, 24577};
    const unsigned distance_extra[] = {0, 0, 0, 0, 1, 1, 2, 2,  3,  3,  4,  4,  5,  5,  6,
                                       6, 7, 7, 8, 8, 9, 9, 10, 10, 11, 11, 12, 12, 13, 13};
    while (!r_.wrong) {
      const unsigned letter = next(letters_);
      if (r_.wrong || letter == 256) return;
      if (letter < 256) {
        put(static_cast<unsigned char>(letter));
        continue;
      }
      if (letter > 285) return fail("a letter that does not exist");
      const unsigned length = length_base[letter - 257] + bits(length_extra[letter - 257]);
      const unsigned symbol = next(distances_);
      if (r_.wrong) return;
      const unsigned distance = distance_base[symbol] + bits(distance_extra[symbol]);
      if (distance > r_.size - begun_) return fail("a distance before the beginning");
      if (distance > r_.farthest) r_.farthest = distance;
      if (length > r_.longest) r_.longest = length;
      for (unsigned i = 0; i < length && !r_.wrong; ++i) put(room_[r_.size - distance]);
    }
  }

  const unsigned char* const data_;
  const std::size_t size_;
  std::size_t at_;
  unsigned bit_;
  unsigned char* const room_;
  const std::size_t room_size_;
  std::size_t begun_;  // where this member's bytes begin
  inflated r_;
  code letters_, distances_;
};

}  // namespace check

#endif  // NARTHEX_TESTS_INFLATE_HPP
