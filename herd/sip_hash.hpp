#pragma once

#include <bit>
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
        std::size_t offset = 0;
        for (; text.size() - offset >= 8; offset += 8) state.absorb(load(text, offset, 8));
        const std::size_t rest = text.size() - offset;
        state.absorb((std::uint64_t{text.size() & 0xff} << 56) | load(text, offset, rest));
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
    static std::uint64_t load(std::string_view text, std::size_t offset, std::size_t size) {
        static_assert(std::endian::native == std::endian::little);
        std::uint64_t word = 0;
        std::memcpy(&word, text.data() + offset, size);
        return word;
    }

    std::uint64_t key0_ = 0;
    std::uint64_t key1_ = 0;
};

}  // namespace herd
