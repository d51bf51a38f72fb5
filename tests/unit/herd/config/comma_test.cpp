#include "tests/unit/herd/config/fault.hpp"

#include <catch2/catch.hpp>

#include <string>

namespace herd::config_test {

TEST_CASE("config file: a comma with nothing behind it is told of where it stands",
          "[herd][config]") {
    const std::string field = "expected another field after the last comma, or no comma, got ";
    const std::string element = "expected another element after the last comma, or no comma, got ";
    CHECK(fault(with("\"spin\": true,\n\n")) == "f:3: file: " + field + "\"}\" on line 5");
    CHECK(fault(with("\"limits\": {\"clients\": 100,}}")) == "f:3: limits: " + field + "\"}\"");
    CHECK(fault(with("\"links\": [[\"A\", \"B\"],\n]")) ==
          "f:3: links: " + element + "\"]\" on line 4");
    CHECK(fault(with("\"links\": [[\"A\", \"B\",]]")) == "f:3: links[0]: " + element + "\"]\"");
    // Those in comments are none.
    CHECK(fault(with("\"limits\": {\"clients\": 100 // 1, 2\n, // and so on,\n}")) ==
          "f:4: limits: " + field + "\"}\" on line 5");
    CHECK(fault(with("\"limits\": {\"clients\": /* , */ 100 /* 1,\n2 */ /**/ ,\n}")) ==
          "f:4: limits: " + field + "\"}\" on line 5");
}

TEST_CASE("config file: what is no comma with nothing behind it is not told of as one",
          "[herd][config]") {
    CHECK(fault(with("\"spin\": ")) == "f:3: spin: expected a value, got \"}\"");
    CHECK(fault(with("\"links\": [,]")) == "f:3: links: expected a value, got \",\"");
    CHECK(fault(with("\"limits\": {\"clients\": 100,]")) ==
          "f:3: limits.clients: expected a field's name in double quotes, got \"]\"");
}

}  // namespace herd::config_test
