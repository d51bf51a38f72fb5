#include "protocol/secrets.hpp"

#include "protocol/peer_message.hpp"

#include <catch2/catch.hpp>

#include <string>
#include <string_view>

namespace secrets_test {

using protocol::without_secrets;
using namespace std::string_view_literals;

TEST_CASE("secrets: what proves who somebody is, is left out", "[protocol][secrets]") {
    char out[protocol::peer_message_size_max];
    const protocol::Hello hello{1, "B", 11, 12, 13, 0xaaaa'aaaa'aaaa'aaaa, 0xbbbb'bbbb'bbbb'bbbb};
    CHECK(without_secrets(format(out, hello)) == "HELLO 1 B 000000000000000b 12 13");
    CHECK(without_secrets(format(out, protocol::Cookie{0xcccc'cccc'cccc'cccc})) == "COOKIE");
    CHECK(without_secrets("AUTH token and more") == "AUTH");
    CHECK(without_secrets("? AUTH token") == "? AUTH");
    CHECK(without_secrets("\t COOKIE   nonsense ") == "\t COOKIE");
    CHECK(without_secrets("HELLO 2 B 1 2 3 cookie") == "HELLO 2 B 1 2 3");
}

TEST_CASE("secrets: all other lines are whole", "[protocol][secrets]") {
    for (const std::string_view line : {"",
                                        "?",
                                        "? ",
                                        "HELLO",
                                        "HELLO 1 B 000000000000000b 12 13",
                                        "HELLO 1 B ",
                                        "COOKIE",
                                        "COOKIES abc",
                                        "IAMAT AUTH +1-1 5",
                                        "AT A +0.5 COOKIE +1-1 5\n{\n}\n"}) {
        CAPTURE(line);
        CHECK(without_secrets(line) == line);
    }
}

TEST_CASE("secrets: of AUTH, and of what may have been meant so, only the word is logged",
          "[protocol][secrets]") {
    for (const std::string_view line : {"AUTH kiwi secret"sv,
                                        "AUTH secret"sv,
                                        "AUTH kiwi secret more"sv,
                                        "AUTH"sv,
                                        " \tAUTH  secret secret"sv,
                                        "auth kiwi secret"sv,
                                        "Auth: kiwi secret"sv,
                                        "AUTHsecret"sv,
                                        "? AUTH kiwi secret"sv,
                                        "?   AUTH kiwi secret"sv,
                                        "? aUTH secret"sv}) {
        CAPTURE(line);
        const std::string_view logged = without_secrets(line);
        CHECK(logged.find("secret") == std::string_view::npos);
        CHECK(logged.find("kiwi") == std::string_view::npos);
        CHECK_FALSE(logged.empty());
    }
    for (const std::string_view line :
         {""sv, "?"sv, "? "sv, "AUT x"sv, "IAMAT AUTH +1-1 1"sv, "WHATSAT a 1 1"sv, "SYNC"sv}) {
        CHECK(without_secrets(line) == line);
    }
}

}  // namespace secrets_test
