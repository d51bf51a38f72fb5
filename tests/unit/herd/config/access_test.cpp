#include "herd/config/file.hpp"
#include "tests/unit/herd/config/fault.hpp"

#include <catch2/catch.hpp>

#include <string>

namespace herd::config_test {
namespace {

std::string with_access(const std::string& access) {
    return R"({"servers": [{"name": "A", "clients": "127.0.0.1:1", "peers": "127.0.0.1:2"}],
"access": )" +
           access + "}";
}

TEST_CASE("config access: nobody needs a token unless there is a secret", "[herd][config]") {
    CHECK(config::Config::built_in().access.secret_file.empty());
    const auto empty =
        config::parse(with_access(R"({"secret_file": "", "in_the_clear": false})"), "f");
    REQUIRE(empty);
    CHECK((*empty).access.secret_file.empty());
    const auto set =
        config::parse(with_access(R"({"secret_file": "s", "in_the_clear": true})"), "f");
    REQUIRE(set);
    CHECK((*set).access.secret_file == "s");
    CHECK((*set).access.in_the_clear);
}

TEST_CASE("config access: tokens in the clear without a secret are somebody's mistake",
          "[herd][config]") {
    CHECK(fault(with_access(R"({"in_the_clear": true})")) ==
          "f:2: access.secret_file: expected the name of the file with the secret, as in_the_clear "
          "is set, got none");
}

}  // namespace
}  // namespace herd::config_test
