#pragma once

#include "herd/sip_hash.hpp"
#include "reactor/pages.hpp"
#include "reactor/result.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace herd::phones {

inline constexpr std::int64_t second_ns = 1'000'000'000;

// What became of the latest messages that came with each token, for who has that token: a page of a
// few lines, one for each client and fate, the latest first. No token is kept, only a hash of it
// under a key that nobody knows; a page is for that token and for no other, whatever both are for.
//
// Of fixed size: a token has one of eight pages, of which that one is given up which was written
// into the longest time ago. Owned by Phones.
class Notebook {
public:
    static constexpr std::size_t lines_max = 10;
    static constexpr std::uint32_t page_count = 1024;

    struct Line {
        static constexpr std::size_t client_size_max = 64;

        std::string_view fate;     // of the program's own texts, which live as long as it does
        std::int64_t at_ns;        // when it last came, and
        std::int64_t time_ns;      // the time that it then had; 0: none, or it makes no sense
        std::uint32_t count;       // how often
        std::uint8_t client_size;  // 0: it did not say whose it was
        bool cut;                  // The client has more than that.
        std::array<char, client_size_max> client_bytes;

        std::string_view client() const { return {client_bytes.data(), client_size}; }
    };

    // Bytes that map() maps.
    static std::uint64_t memory() { return page_count * sizeof(Page); }
    // Once, first. Fails with ENOMEM.
    reactor::Result<void> map();

    // What stands for a token here.
    std::uint64_t key_of(std::string_view token) const { return hash_(token) | 1; }

    // The text of `fate` is the program's.
    void note(std::uint64_t key,
              std::string_view client,
              std::string_view fate,
              std::int64_t now_ns,
              std::int64_t time_ns);
    // The latest first; until the next note.
    std::span<const Line> lines(std::uint64_t key) const;

private:
    static constexpr std::uint32_t places = 8;  // for the page of a token

    struct Page {
        std::uint64_t key;   // 0: it is nobody's
        std::int64_t at_ns;  // of the latest line
        std::uint32_t size;  // lines
        std::array<Line, lines_max> lines;
    };

    static std::size_t first_of(std::uint64_t key);
    Page& page_of(std::uint64_t key);

    SipHash hash_;
    reactor::PageArray<Page> pages_;
};

}  // namespace herd::phones
