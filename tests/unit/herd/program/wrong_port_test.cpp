#include "herd/program/wrong_port.hpp"

#include <catch2/catch.hpp>

#include <string>

namespace wrong_port_test {

using herd::program::wrong_port;

TEST_CASE("wrong port: what no client is answered", "[herd][program]") {
    CHECK(wrong_port("AT Alpha +0.5 kiwi +0+0 1").empty());
    CHECK(wrong_port("? ").empty());
    CHECK(wrong_port("GONE 1 kiwi").empty());
    const std::string none = "is no port for clients: it says ";
    CHECK(wrong_port("ERR 501 not the protocol") == none + "\"ERR 501 not the protocol\"");
    CHECK(wrong_port("HTTP/1.1 400 Bad Request\r") == none + "\"HTTP/1.1 400 Bad Request\"");
    CHECK(wrong_port("? TLS is spoken here").starts_with("speaks TLS, and "));
    CHECK(wrong_port("") == none + "\"\"");
}

}  // namespace wrong_port_test
