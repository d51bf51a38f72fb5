#include "herd/access/secret.hpp"

#include <catch2/catch.hpp>

#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

#include <sys/stat.h>
#include <unistd.h>

namespace secret_test {

using herd::access::Mac;
using herd::access::Secret;

namespace {

const std::string one(Secret::key_size_min, '1');
const std::string two(Secret::key_size_max, '2');

// A file of its own, which goes with it.
struct SecretFile {
    explicit SecretFile(std::string_view text, mode_t mode = 0600) {
        const int fd = mkstemp(path.data());
        REQUIRE(fd >= 0);
        REQUIRE(write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size()));
        REQUIRE(fchmod(fd, mode) == 0);
        close(fd);
    }
    ~SecretFile() { std::remove(path.c_str()); }
    SecretFile(const SecretFile&) = delete;
    SecretFile& operator=(const SecretFile&) = delete;

    std::string path = "/tmp/access_secret_test_XXXXXX";
};

std::string hex(const Mac::Tag& tag) {
    std::string text;
    char digits[3];
    for (const unsigned byte : tag) {
        std::snprintf(digits, sizeof digits, "%02x", byte);
        text += digits;
    }
    return text;
}

}  // namespace

// As `printf hello | openssl dgst -sha256 -hmac ...` has it.
TEST_CASE("secret: a tag is the HMAC-SHA256 that others compute, each time", "[herd]") {
    const auto mac = Mac::make("0123456789012345678901234567890123456");
    REQUIRE(mac);
    for (int i = 0; i < 3; ++i) {
        const auto tag = mac->of("hello");
        REQUIRE(tag);
        CHECK(hex(*tag) == "f0a20ec046f90f3d6924767d1b9023ef93b51df1553432fe5b9e79ec42d51c1d");
        CHECK(mac->of("other") != tag);
    }
}

TEST_CASE("secret: the first key signs, all are believed", "[herd]") {
    const auto old = Secret::parse(one + "\n");
    const auto both = Secret::parse(two + "\r\n" + one);
    const auto now = Secret::parse(two);
    REQUIRE((old && both && now));
    CHECK((*both).size() == 2);
    const Mac::Tag by_old = *(*old).sign("x");
    const Mac::Tag by_both = *(*both).sign("x");
    CHECK((*both).signer("x", by_old));
    CHECK((*both).signer("x", by_both));
    CHECK((*now).signer("x", by_both));
    CHECK_FALSE((*now).signer("x", by_old));
    CHECK_FALSE((*old).signer("x", by_both));
    CHECK_FALSE((*both).signer("y", by_old));
    CHECK_FALSE(Secret().signer("x", by_old));
    CHECK_FALSE(Secret().signer("x", Mac::Tag{}));
}

TEST_CASE("secret: a key is known again when the file has been read anew", "[herd]") {
    const auto both = Secret::parse(two + "\n" + one);
    const auto turned = Secret::parse(one + "\n" + two);
    const auto alone = Secret::parse(two);
    REQUIRE((both && turned && alone));
    const auto signer = (*both).signer("x", *(*both).sign("x"));
    const auto other = (*both).signer("x", *(*turned).sign("x"));
    REQUIRE((signer && other));
    CHECK(*signer != *other);
    CHECK(*signer != 0);
    CHECK((*turned).signer("x", *(*both).sign("x")) == signer);
    CHECK((*alone).has(*signer));
    CHECK_FALSE((*alone).has(*other));
    CHECK_FALSE(Secret().has(*signer));
    CHECK_FALSE((*both).has(0));
}

TEST_CASE("secret: a text that holds something else than keys is refused, and not quoted",
          "[herd]") {
    const std::string line = one + "\n";
    for (const std::string& wrong : {std::string(),
                                     std::string("\n"),
                                     std::string("short\n"),
                                     std::string(Secret::key_size_min - 1, 'x'),
                                     std::string(Secret::key_size_max + 1, 'x'),
                                     one + " " + one,
                                     one + "\t",
                                     " " + one,
                                     line + "\n",
                                     line + "\n" + line,
                                     one + "\xc3\xa9",
                                     one + std::string(1, '\0'),
                                     line + line + line + line + line}) {
        const auto parsed = Secret::parse(wrong);
        REQUIRE_FALSE(parsed);
        CHECK(parsed.error().find("11") == std::string::npos);
        CHECK(parsed.error().find("xx") == std::string::npos);
    }
    CHECK(Secret::parse(line + line + line + line));
}

TEST_CASE("secret: a file that is not private, or wrong, is named and refused", "[herd]") {
    const SecretFile good(one + "\n", 0640);
    CHECK(Secret::read(good.path));
    for (const mode_t mode : {0604U, 0602U, 0644U, 0666U}) {
        const SecretFile open(one, mode);
        CHECK(Secret::read(open.path).error() ==
              "secret file " + open.path +
                  ": everybody on this machine can read or change it (chmod 600)");
    }
    const std::string link = good.path + ".link";
    REQUIRE(symlink(good.path.c_str(), link.c_str()) == 0);
    CHECK(Secret::read(link).error() ==
          "secret file " + link + ": is a symbolic link: name the file itself");
    std::remove(link.c_str());
    CHECK(Secret::read("/nonexistent/secret").error().starts_with("secret file /nonexistent/"));
    CHECK_FALSE(Secret::read("/"));
    const SecretFile longest(two + "\r\n" + two + "\r\n" + two + "\r\n" + two + "\r\n");
    CHECK(Secret::read(longest.path));
    const SecretFile longer(two + "\r\n" + two + "\r\n" + two + "\r\n" + two + "\r\n\n");
    CHECK(Secret::read(longer.path).error() == "secret file " + longer.path + ": is too long");
}

TEST_CASE("secret: a new one is good, and no two are the same", "[herd]") {
    const std::string text = Secret::make_text();
    CHECK(Secret::parse(text));
    CHECK(text.size() == 65);
    CHECK(text != Secret::make_text());
}

}  // namespace secret_test
