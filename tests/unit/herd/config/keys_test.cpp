#include "herd/config/file.hpp"

#include <catch2/catch.hpp>

#include <string>
#include <string_view>

namespace herd::config::keys_test {

// What is wrong with a file; nothing: it is fine.
std::string fault(const std::string& text) {
    const auto read = parse(text, "f");
    return read ? std::string() : read.error();
}

TEST_CASE("config file: servers on different machines need keys, or to be told otherwise",
          "[herd][config]") {
    const auto two = [](std::string_view address, std::string_view more) {
        return "{\"servers\": [{\"name\": \"A\", \"clients\": \"127.0.0.1:1\", \"peers\": \"" +
               std::string(address) +
               "\"}, {\"name\": \"B\", \"clients\": \"127.0.0.1:2\", \"peers\": "
               "\"127.0.0.1:12\"}], \"links\": [[\"A\", \"B\"]]" +
               std::string(more) + "}";
    };
    CHECK(fault(two("127.0.0.1:11", "")).empty());
    CHECK(fault(two("10.0.0.1:11", "")).find("keys: expected keys (`herd keys DIR` makes them)") !=
          std::string::npos);
    CHECK(fault(two("10.0.0.1:11", ", \"insecure_peers\": true")).empty());
    CHECK(fault(two("10.0.0.1:11", ", \"keys\": \"k\"")).empty());
    // Without links nobody is dialled.
    CHECK(fault("{\"servers\": [{\"name\": \"A\", \"clients\": \"10.0.0.1:1\", "
                "\"peers\": \"10.0.0.1:2\"}]}")
              .empty());
}

TEST_CASE("config file: an address for TLS needs keys, and is nobody else's", "[herd][config]") {
    const auto one = [](std::string_view address, std::string_view more) {
        return "{\"servers\": [{\"name\": \"A\", \"clients\": \"127.0.0.1:1\", \"peers\": "
               "\"127.0.0.1:2\", \"clients_tls\": \"" +
               std::string(address) + "\"}]" + std::string(more) + "}";
    };
    CHECK(fault(one("127.0.0.1:3", ", \"keys\": \"k\"")).empty());
    CHECK(fault(one("127.0.0.1:3", "")).find("keys, as A has clients_tls") != std::string::npos);
    CHECK(fault(one("127.0.0.1:2", ", \"keys\": \"k\"")).find("an address of its own") !=
          std::string::npos);
    const auto phones = [](std::string_view address, std::string_view more) {
        return "{\"servers\": [{\"name\": \"A\", \"clients\": \"127.0.0.1:1\", \"peers\": "
               "\"127.0.0.1:2\", \"phones\": \"127.0.0.1:3\", \"phones_tls\": \"" +
               std::string(address) + "\"}]" + std::string(more) + "}";
    };
    CHECK(fault(phones("127.0.0.1:4", ", \"keys\": \"k\"")).empty());
    CHECK(fault(phones("127.0.0.1:4", "")).find("keys, as A has phones_tls") != std::string::npos);
    CHECK(fault(phones("127.0.0.1:3", ", \"keys\": \"k\"")).find("an address of its own") !=
          std::string::npos);
}

}  // namespace herd::config::keys_test
