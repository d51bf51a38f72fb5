#include "herd/program/refusal.hpp"

#include "herd/access/secret.hpp"
#include "herd/access/token.hpp"

#include <catch2/catch.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace refusal_test {

namespace {

using herd::program::reason_of_refusal;

bool names(const std::string& reason, std::string_view word) {
    return reason.find(word) != std::string::npos;
}

}  // namespace

TEST_CASE("refusal: what is wrong with the line itself comes before all", "[herd][program]") {
    herd::config::Config config;
    config.access.secret_file = GENERATE("", "secret");
    struct Case {
        std::string_view line;
        std::string_view word;
    };
    for (const Case& each : {Case{"WHATSIT kiwi", "herd-protocol(7)"},
                             Case{"WHATSIT kiwi", "docs/protocol.md"},
                             Case{"WHATSAT kiwi 10", "words"},
                             Case{"IAMAT kiwi here 5", "location"},
                             Case{"IAMAT kiwi +1-1 noon", "time"},
                             Case{"WHATSAT kiwi 51 5", "0 to 50"},
                             Case{"FOLLOW +1-1 51", "0 to 50"},
                             Case{"WHATSAT kiwi 10 21", "0 to 20"},
                             Case{"NEARBY kiwi 10 1001", "1000"},
                             Case{"UNFOLLOW x", "number"}}) {
        CAPTURE(each.line);
        CHECK(names(reason_of_refusal({.line = each.line, .echo = each.line}, config), each.word));
    }
}

TEST_CASE("refusal: a limit that it may have met is named, and a token that it lacks",
          "[herd][program]") {
    herd::config::Config config;
    herd::config::Config limited;
    limited.access.secret_file = "secret";
    struct Case {
        std::string_view line;
        std::string_view word;
        bool needs_token;
    };
    for (const Case& each : {Case{"IAMAT kiwi +1-1 5", "limits.clients", true},
                             Case{"IAMAT kiwi +1-1 5", "long_records", true},
                             Case{"IAMAT kiwi +1-1 5", "new_clients_per_s", true},
                             Case{"WHATSAT kiwi 10 5", "nothing is known", true},
                             Case{"NEARBY kiwi 10 5", "limits.searches", true},
                             Case{"FOLLOW kiwi", "limits.subscriptions", true},
                             Case{"UNFOLLOW 3", "under that number", false},
                             Case{"SYNC", "limits.sync_ms", false},
                             Case{"AUTH kiwi abcdefghijklmnopqrstuvwxyz", "--show", false}}) {
        CAPTURE(each.line);
        const auto reason = [&](const herd::config::Config& by, bool has_token) {
            return reason_of_refusal({.line = each.line, .echo = each.line, .has_token = has_token},
                                     by);
        };
        CHECK(names(reason(config, false), each.word));
        CHECK(names(reason(limited, true), each.word));
        CHECK(names(reason(limited, false), "--token-file") == each.needs_token);
        CHECK_FALSE(names(reason(config, false), "--token-file"));
    }
}

TEST_CASE("refusal: a client may be unknown because its server is still loading its journal",
          "[herd][program]") {
    herd::config::Config config;
    const auto speaks_of_it = [&](std::string_view line) {
        return names(reason_of_refusal({.line = line, .echo = line}, config), "loading");
    };
    CHECK_FALSE(speaks_of_it("WHATSAT kiwi 10 5"));
    config.journal.listen_first = true;
    CHECK_FALSE(speaks_of_it("WHATSAT kiwi 10 5"));
    config.journal.folder = "kept";
    CHECK(speaks_of_it("WHATSAT kiwi 10 5"));
    CHECK(speaks_of_it("NEARBY kiwi 10 5"));
    CHECK_FALSE(speaks_of_it("NEARBY +1-1 10 5"));
    CHECK_FALSE(speaks_of_it("IAMAT kiwi +1-1 5"));
    CHECK_FALSE(speaks_of_it("WHATSAT kiwi 10"));
    config.journal.listen_first = false;
    CHECK_FALSE(speaks_of_it("WHATSAT kiwi 10 5"));
}

TEST_CASE("refusal: of a token the cause is named, where it shows", "[herd][program]") {
    namespace access = herd::access;
    const auto secret = access::Secret::parse(access::Secret::make_text());
    REQUIRE(secret);
    const auto reason = [&](std::int64_t until_s, const char* secret_file) {
        const access::Grant grant{.pattern = *access::Pattern::parse("kiwi"),
                                  .rights = {.ask = true},
                                  .until_s = until_s};
        const std::string line = "AUTH kiwi " + *access::mint(*secret, grant);
        herd::config::Config config;
        config.access.secret_file = secret_file;
        return reason_of_refusal({.line = line, .echo = line, .has_token = true}, config);
    };
    CHECK(reason(1, "secret").starts_with("the token has expired"));
    CHECK(reason(access::Grant::never, "secret").starts_with("the token is not good"));
    const std::string open = "by this configuration the herd needs no token";
    CHECK(reason(access::Grant::never, "").starts_with(open));
    CHECK(names(reason(1, ""), "the token has expired"));
}

TEST_CASE("refusal: of a line that is too long not all came back", "[herd][program]") {
    herd::config::Config config;
    config.access.secret_file = GENERATE("", "secret");
    for (const std::string_view line :
         {"IAMAT kiwi.cs.ucla.edu +1-1 5", "FOLLOW kiwi", "WHATSIT 5", "AUTH kiwi x"}) {
        CAPTURE(line);
        const auto reason = [&](std::string_view echo) {
            return reason_of_refusal({.line = line, .echo = echo}, config);
        };
        CHECK(reason(line.substr(0, 7)) == "it has more than 7 bytes (limits.line_max)");
        CHECK_FALSE(names(reason(line), "line_max"));
        CHECK_FALSE(names(reason(""), "line_max"));
        CHECK_FALSE(names(reason("another"), "line_max"));
    }
    for (const std::string_view line : {"FOLLOW kiwi\r", "FOLLOW kiwi \t"}) {
        CHECK_FALSE(names(reason_of_refusal({.line = line, .echo = "FOLLOW kiwi"}, config), "max"));
    }
}

TEST_CASE("refusal: a connection that follows as many as one may has met that limit",
          "[herd][program]") {
    herd::config::Config config;
    config.limits.subscriptions_per_client = 3;
    const auto reason = [&](std::string_view line, std::size_t followed) {
        return reason_of_refusal({.line = line, .echo = line, .followed = followed}, config);
    };
    CHECK(reason("FOLLOW kiwi", 3) ==
          "its connection follows as many as one may (limits.subscriptions_per_client)");
    CHECK(names(reason("FOLLOW kiwi", 2), "limits.subscriptions,"));
    CHECK_FALSE(names(reason("NEARBY kiwi 10 5", 3), "subscriptions"));
}

}  // namespace refusal_test
