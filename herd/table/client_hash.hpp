#pragma once

#include "herd/sip_hash.hpp"
#include "herd/table/folded_product.hpp"
#include "protocol/words.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace herd::table {

// The hash that a table finds its clients by. It is keyed, so that nobody without the key can
// choose identifiers that crowd one place of it, and takes a third of SipHash's work, as it is done
// for each report.
//
// The words of a text and those of the key are added, then multiplied in pairs, and the products
// added up: NH of UMAC (Black, Halevi, Krawczyk, Krovetz, Rogaway, 1999), for which two texts of
// one length, chosen without the key, come to the same sum once in 2^64 keys. The sum is folded to
// 64 bits under two more words of the key. What does not fit beside the key goes on with that.
class ClientHash {
public:
    ClientHash() = default;
    ClientHash(std::uint64_t key0, std::uint64_t key1) {
        const SipHash expand(key0, key1);
        for (std::size_t i = 0; i < key_.size(); ++i) {
            const char number = static_cast<char>(i);
            key_[i] = expand({&number, 1});
        }
    }

    std::uint64_t operator()(std::string_view text) const {
        const char* at = text.data();
        const char* const end = at + text.size();
        Wide sum = text.size();
        for (; end - at > block_size; at += block_size) {
            for (std::ptrdiff_t i = 0; i < block_size; i += pair_size) sum += pair(at + i, i);
            sum = fold(sum);
        }
        std::ptrdiff_t i = 0;
        for (; end - at > pair_size; at += pair_size, i += pair_size) sum += pair(at, i);
        if (text.size() >= pair_size) return fold(sum + pair(end - pair_size, i));
        std::array<char, pair_size> padded{};
        if (!text.empty()) std::memcpy(padded.data(), at, text.size());
        return fold(sum + pair(padded.data(), i));
    }

private:
    static constexpr std::ptrdiff_t pair_size = 16;
    static constexpr std::ptrdiff_t block_size = 64;
    static_assert(block_size % pair_size == 0);

    // `offset`, in the block, says with which words of the key.
    Wide pair(const char* bytes, std::ptrdiff_t offset) const {
        const std::uint64_t* const key = key_.data() + offset / 8;
        using protocol::words::load;
        return Wide{load(bytes) + key[0]} * (load(bytes + 8) + key[1]);
    }
    std::uint64_t fold(Wide sum) const {
        const auto low = static_cast<std::uint64_t>(sum);
        const auto high = static_cast<std::uint64_t>(sum >> 64);
        return folded_product(low ^ key_[8], high ^ key_[9]);
    }

    std::array<std::uint64_t, 10> key_{};  // eight beside a block, two to fold
    static_assert(sizeof key_ == block_size + 2 * sizeof(std::uint64_t));
};

}  // namespace herd::table
