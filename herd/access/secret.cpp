#include "herd/access/secret.hpp"

#include "herd/secret_file.hpp"
#include "reactor/result.hpp"
#include "reactor/sys.hpp"

#include <algorithm>
#include <cassert>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <span>
#include <utility>

namespace herd::access {

namespace {

// All lines that may be, their ends, and a byte that shows that there is more.
using Room = SecretRoom<Secret::keys_max*(Secret::key_size_max + 2) + 1>;

std::string_view take_key(std::string_view& text) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    std::string_view key = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (key.ends_with('\r')) key.remove_suffix(1);
    return key;
}

}  // namespace

Outcome<Secret> Secret::read(const std::string& path) {
    auto one = read_copies(path, 1);
    if (!one) return std::unexpected(one.error());
    return std::move((*one).front());
}

Outcome<std::vector<Secret>> Secret::read_copies(const std::string& path, std::size_t count) {
    assert(count > 0);
    const std::string what = "secret file " + path;
    Room room;
    const auto text = read_secret_file(path, false, room.bytes);
    if (!text && text.error().value == ENOENT) {
        return failure(what, "is not there; `herd token --make-secret` makes one for all servers");
    }
    if (!text) return failure(what, why_unread(text.error()));
    std::vector<Secret> copies;
    while (copies.size() < count) {
        auto secret = parse(*text);
        if (!secret) return failure(what, secret.error());
        copies.push_back(std::move(*secret));
    }
    return copies;
}

Outcome<Secret> Secret::parse(std::string_view text) {
    Secret secret;
    while (!text.empty()) {
        const std::string_view key = take_key(text);
        if (secret.size_ == keys_max) {
            return std::unexpected("has more than " + std::to_string(keys_max) + " lines");
        }
        const bool plain =
            std::ranges::all_of(key, [](char byte) { return byte > ' ' && byte <= '~'; });
        if (!plain || key.size() < key_size_min || key.size() > key_size_max) {
            return std::unexpected("must hold lines of " + std::to_string(key_size_min) + " to " +
                                   std::to_string(key_size_max) +
                                   " printable ASCII characters without blanks, and nothing else");
        }
        auto made = make_key(key);
        if (!made) return std::unexpected("OpenSSL has no HMAC-SHA256, or no memory");
        secret.keys_[secret.size_++] = std::move(*made);
    }
    if (!secret) return std::unexpected("is empty");
    return secret;
}

// No token begins with that text, so nobody has ever seen what it is signed with.
std::optional<Secret::Key> Secret::make_key(std::string_view text) {
    auto mac = Mac::make(text);
    if (!mac) return std::nullopt;
    const auto tag = mac->of("which key this is");
    if (!tag) return std::nullopt;
    Key key{.mac = std::move(*mac), .number = 0};
    std::memcpy(&key.number, tag->data(), sizeof key.number);
    key.number = std::max(key.number, std::uint64_t{1});
    return key;
}

std::string Secret::make_text() {
    constexpr std::string_view digits = "0123456789abcdef";
    constexpr int words = 4;
    std::string text;
    for (int i = 0; i < words; ++i) {
        std::uint64_t bits = reactor::sys::random_bits();
        for (std::size_t digit = 0; digit < 2 * sizeof bits; ++digit, bits >>= 4) {
            text += digits[bits & 15];
        }
    }
    assert(text.size() >= key_size_min);
    return text + "\n";
}

std::optional<Mac::Tag> Secret::sign(std::string_view bytes) const {
    assert(size_ > 0);
    return keys_[0].mac.of(bytes);
}

// All are tried, so that the time does not tell which one it was.
std::optional<std::uint64_t> Secret::signer(std::string_view bytes, const Mac::Tag& tag) const {
    std::optional<std::uint64_t> found;
    for (const Key& key : std::span(keys_).first(size_)) {
        const auto own = key.mac.of(bytes);
        if (own && same(*own, tag)) found = key.number;
    }
    return found;
}

bool Secret::has(std::uint64_t signer) const {
    return std::ranges::any_of(std::span(keys_).first(size_),
                               [&](const Key& key) { return key.number == signer; });
}

}  // namespace herd::access
