#include "herd/program/refusal.hpp"

#include <catch2/catch.hpp>

#include <string>
#include <string_view>

namespace refusal_test {

namespace {

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
                             Case{"WHATSAT kiwi 10", "words"},
                             Case{"IAMAT kiwi here 5", "location"},
                             Case{"IAMAT kiwi +1-1 noon", "time"},
                             Case{"WHATSAT kiwi 51 5", "0 to 50"},
                             Case{"FOLLOW +1-1 51", "0 to 50"},
                             Case{"WHATSAT kiwi 10 21", "0 to 20"},
                             Case{"NEARBY kiwi 10 1001", "1000"},
                             Case{"UNFOLLOW x", "number"}}) {
        CAPTURE(each.line);
        CHECK(names(herd::program::reason_of_refusal(each.line, config, false), each.word));
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
                             Case{"WHATSAT kiwi 10 5", "nothing is known", true},
                             Case{"NEARBY kiwi 10 5", "limits.searches", true},
                             Case{"FOLLOW kiwi", "limits.subscriptions", true},
                             Case{"UNFOLLOW 3", "under that number", false},
                             Case{"SYNC", "limits.sync_ms", false},
                             Case{"AUTH kiwi abcdefghijklmnopqrstuvwxyz", "--show", false}}) {
        CAPTURE(each.line);
        const auto reason = [&](const herd::config::Config& by, bool has_token) {
            return herd::program::reason_of_refusal(each.line, by, has_token);
        };
        CHECK(names(reason(config, false), each.word));
        CHECK(names(reason(limited, true), each.word));
        CHECK(names(reason(limited, false), "--token-file") == each.needs_token);
        CHECK_FALSE(names(reason(config, false), "--token-file"));
    }
}

}  // namespace refusal_test
