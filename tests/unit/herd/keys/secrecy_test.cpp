#include "herd/wiping.hpp"
#include "tests/unit/herd/keys/key_house.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <fstream>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <fcntl.h>
#include <openssl/crypto.h>
#include <openssl/pem.h>
#include <openssl/ui.h>
#include <unistd.h>

namespace keys_secrecy_test {

using namespace keys_test;

namespace {

// A secret in disguise, so that whoever looks for it does not find himself.
constexpr std::uint8_t disguise = 0x5a;
using Letters = std::array<std::uint8_t, 24>;
using Number = std::array<std::uint8_t, 18>;

void disguise_all(std::span<std::uint8_t> bytes) {
    for (std::uint8_t& each : bytes) each = static_cast<std::uint8_t>(each ^ disguise);
}

// The start of the second line of a key's text, all of it of the secret number: read without a copy
// that stays.
Letters read_disguised(const std::filesystem::path& path) {
    constexpr std::string_view before = "-----BEGIN PRIVATE KEY-----\n";
    constexpr std::size_t line = 65;
    Letters bytes{};
    const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
    REQUIRE(fd >= 0);
    const auto got = pread(fd, bytes.data(), bytes.size(), before.size() + line);
    disguise_all(bytes);
    close(fd);
    REQUIRE(got == static_cast<ssize_t>(bytes.size()));
    return bytes;
}

// What letters of Base64 stand for, in disguise.
Number decode_disguised(const Letters& letters) {
    constexpr std::string_view alphabet =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    Number bytes{};
    for (std::size_t i = 0; i < letters.size(); ++i) {
        const auto value = alphabet.find(static_cast<char>(letters[i] ^ disguise));
        REQUIRE(value != std::string_view::npos);
        for (std::size_t bit = 0; bit < 6; ++bit) {
            if (((value >> (5 - bit)) & 1) == 0) continue;
            const std::size_t at = i * 6 + bit;
            bytes[at / 8] = static_cast<std::uint8_t>(bytes[at / 8] | (0x80 >> (at % 8)));
        }
    }
    disguise_all(bytes);
    return bytes;
}

// How often that stands in the memory of this process that can be written, in plain.
template <std::size_t size>
std::size_t found_in_memory(const std::array<std::uint8_t, size>& secret) {
    std::ifstream maps("/proc/self/maps");
    std::size_t count = 0;
    for (std::string line; std::getline(maps, line);) {
        std::uintptr_t from = 0;
        std::uintptr_t until = 0;
        char readable = 0;
        char writable = 0;
        if (std::sscanf(line.c_str(), "%zx-%zx %c%c", &from, &until, &readable, &writable) != 4 ||
            readable != 'r' || writable != 'w') {
            continue;
        }
        // NOLINTNEXTLINE(performance-no-int-to-ptr): the kernel tells them as numbers
        const auto* const bytes = reinterpret_cast<const std::uint8_t*>(from);
        for (std::size_t i = 0; i + size <= until - from; ++i) {
            std::size_t same = 0;
            while (same < size && (bytes[i + same] ^ disguise) == secret[same]) ++same;
            if (same == size) ++count;
        }
    }
    return count;
}

}  // namespace

#if !defined(__SANITIZE_ADDRESS__)  // which maps terabytes of its own
// Writes it in plain behind the beginning of a block, where the heap notes nothing of its own.
void write_plain(void* block, const Number& disguised) {
    constexpr std::size_t noted = 48;
    for (std::size_t i = 0; i < disguised.size(); ++i) {
        static_cast<volatile std::uint8_t*>(block)[noted + i] = disguised[i] ^ disguise;
    }
}

TEST_CASE("keys: what OpenSSL gives back is wiped while that is wanted", "[herd][keys]") {
    constexpr std::size_t size = 150;
    Number secret{};
    std::ranges::generate(secret, [i = 0]() mutable { return static_cast<std::uint8_t>(++i * 7); });
    {
        const herd::Wiping wiping;
        void* block = OPENSSL_malloc(size);
        write_plain(block, secret);
        CHECK(found_in_memory(secret) == 1);
        block = OPENSSL_realloc(block, 100 * size);
        CHECK(found_in_memory(secret) == 1);
        OPENSSL_free(block);
        CHECK(found_in_memory(secret) == 0);
    }
    // That it would be found.
    void* const block = OPENSSL_malloc(size);
    write_plain(block, secret);
    OPENSSL_free(block);
    CHECK(found_in_memory(secret) == 1);
}

TEST_CASE("keys: no key is left in memory", "[herd][keys]") {
    KeyHouse house({"Hands"});
    house.make();
    const Letters letters = read_disguised(house / "Hands.key");
    const Number number = decode_disguised(letters);
    Number reversed = number;  // as OpenSSL computes with it
    std::ranges::reverse(reversed);
    const auto found = [&] {
        return std::vector<std::size_t>{
            found_in_memory(letters), found_in_memory(number), found_in_memory(reversed)};
    };
    const std::vector<std::size_t> nowhere = {0, 0, 0};
    CHECK(found() == nowhere);
    CHECK(house.findings().empty());
    CHECK(found() == nowhere);
    std::filesystem::remove(house / "Hands.crt");
    house.make();
    CHECK(found() == nowhere);
    // That it would be found.
    const std::string text = live::read_file(house / "Hands.key");
    CHECK(found_in_memory(letters) > 0);
    const auto key = keys::parse_key(text);
    REQUIRE(key);
    CHECK(found_in_memory(reversed) > 0);
}
#endif

TEST_CASE("keys: nobody is asked for the password of a file", "[herd][keys]") {
    static int asked = 0;
    const std::unique_ptr<UI_METHOD, keys::Freed<UI_destroy_method>> counter(
        UI_create_method("counter"));
    UI_method_set_opener(counter.get(), [](UI*) {
        ++asked;
        return 0;
    });
    const UI_METHOD* const usual = UI_get_default_method();
    UI_set_default_method(counter.get());
    const auto key = keys::make_key();
    const auto certificate = keys::make_named("Hands");
    const auto* const password = reinterpret_cast<const unsigned char*>("abcd");
    const keys::Memory one(BIO_new(BIO_s_mem()));
    const keys::Memory other(BIO_new(BIO_s_mem()));
    REQUIRE(PEM_write_bio_PKCS8PrivateKey(
                one.get(), key.get(), EVP_aes_256_cbc(), "abcd", 4, nullptr, nullptr) == 1);
    REQUIRE(PEM_ASN1_write_bio(reinterpret_cast<i2d_of_void*>(i2d_ASN1_INTEGER),
                               PEM_STRING_X509,
                               other.get(),
                               X509_get0_serialNumber(certificate.get()),
                               EVP_aes_256_cbc(),
                               password,
                               4,
                               nullptr,
                               nullptr) == 1);
    CHECK_FALSE(keys::parse_key(keys::text_of(*one)));
    CHECK_FALSE(keys::parse_certificates(keys::text_of(*other)));
    CHECK(asked == 0);
    // That it would be noticed.
    PEM_read_bio_PrivateKey(one.get(), nullptr, nullptr, nullptr);
    CHECK(asked > 0);
    const int before = asked;
    PEM_read_bio_X509(other.get(), nullptr, nullptr, nullptr);
    CHECK(asked > before);
    UI_set_default_method(usual);
}

}  // namespace keys_secrecy_test
