#pragma once

#include <bit>
#include <cassert>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace herd {

// SipHash-1-3 (Aumasson and Bernstein, 2012): a hash whose collisions cannot be found without the
// key, so that no client can choose identifiers that crowd one place of a table.
class SipHash {
public:
    SipHash() = default;
    SipHash(std::uint64_t key0, std::uint64_t key1) : key0_(key0), key1_(key1) {}

    std::uint64_t operator()(std::string_view text) const {
        State state{key0_ ^ 0x736f6d6570736575,
                    key1_ ^ 0x646f72616e646f6d,
                    key0_ ^ 0x6c7967656e657261,
                    key1_ ^ 0x7465646279746573};
        const char* at = text.data();
        const char* const end = at + text.size();
        for (; end - at >= 8; at += 8) state.absorb(load(at, 8));
        state.absorb((std::uint64_t{text.size() & 0xff} << 56) | rest(text, end - at));
        state.c ^= 0xff;
        state.round();
        state.round();
        state.round();
        return state.a ^ state.b ^ state.c ^ state.d;
    }

private:
    struct State {
        std::uint64_t a, b, c, d;

        void absorb(std::uint64_t word) {
            d ^= word;
            round();
            a ^= word;
        }
        void round() {
            a += b;
            b = std::rotl(b, 13) ^ a;
            a = std::rotl(a, 32);
            c += d;
            d = std::rotl(d, 16) ^ c;
            a += d;
            d = std::rotl(d, 21) ^ a;
            c += b;
            b = std::rotl(b, 17) ^ c;
            c = std::rotl(c, 32);
        }
    };

    // Little-endian, as the definition demands and as every machine we build for is.
    static std::uint64_t load(const char* bytes, std::size_t size) {
        assert(size <= sizeof(std::uint64_t));
        static_assert(std::endian::native == std::endian::little);
        std::uint64_t word = 0;
        std::memcpy(&word, bytes, size);
        return word;
    }
    // The last `size` bytes, fewer than eight: a copy of a fixed size costs no call.
    static std::uint64_t rest(std::string_view text, std::ptrdiff_t size) {
        assert(size >= 0);
        assert(size < 8);
        if (size == 0) return 0;
        const char* const end = text.data() + text.size();
        if (text.size() >= 8) return load(end - 8, 8) >> (64 - 8 * size);
        return load(text.data(), text.size());
    }

    std::uint64_t key0_ = 0;
    std::uint64_t key1_ = 0;
};

}  // namespace herd
