#pragma once

#include "herd/access/mac.hpp"
#include "herd/outcome.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace herd::access {

// What a herd signs tokens with, the same on all its servers: one key, or several while one takes
// another's place. The first signs, all are believed. Only OpenSSL has them, which wipes them.
// Move-only.
class Secret {
public:
    static constexpr std::size_t keys_max = 4;
    static constexpr std::size_t key_size_min = 32;
    static constexpr std::size_t key_size_max = 256;

    // None: nothing is signed by it, and nothing believed.
    Secret() = default;

    // That of a file, which only its owner and its group can read or change, and which is no link.
    // The error names the file and quotes nothing of it. For start-up: may block.
    static Outcome<Secret> read(const std::string& path);
    // The same as often as somebody needs one, of one reading.
    static Outcome<std::vector<Secret>> read_copies(const std::string& path, std::size_t count);
    // The same of its text: a key a line, each of printable ASCII without blanks.
    static Outcome<Secret> parse(std::string_view text);
    // A new key, as such a file has it.
    static std::string make_text();

    explicit operator bool() const { return size_ > 0; }
    std::size_t size() const { return size_; }

    // By the first key. Nothing: OpenSSL has no memory.
    std::optional<Mac::Tag> sign(std::string_view bytes) const;
    // Which of them has signed that, if any: a number that follows from the key alone, so that it
    // is known again when the file has been read anew. Never 0.
    std::optional<std::uint64_t> signer(std::string_view bytes, const Mac::Tag& tag) const;
    // Whether that one is among them.
    bool has(std::uint64_t signer) const;

private:
    struct Key {
        Mac mac;
        std::uint64_t number = 0;
    };

    static std::optional<Key> make_key(std::string_view text);

    std::array<Key, keys_max> keys_;
    std::size_t size_ = 0;
};

}  // namespace herd::access
