#include "herd/http/target.hpp"

#include <catch2/catch.hpp>

#include <string>

namespace target_test {

using namespace herd::http;

TEST_CASE("request target: path and parameters, decoded", "[offline]") {
    herd::http::Target target;
    target.parse("/a/b?location=34.06%2C-118.4&name=caf%C3%A9+noir&empty=&bare&x=1&x=2&=v&&");
    CHECK(target.path() == "/a/b");
    CHECK(target.find("location") == "34.06,-118.4");
    CHECK(target.find("name") == "caf\xc3\xa9 noir");
    CHECK(target.find("empty") == "");
    CHECK(target.find("bare") == "");
    CHECK(target.find("x") == "1");
    CHECK(target.find("") == "v");
    CHECK_FALSE(target.find("y"));
}

TEST_CASE("request target: odd ones do no harm", "[offline]") {
    herd::http::Target target;
    target.parse("/?a=%&b=%4&c=%zz&d=%41%&e=a=b");
    CHECK(target.find("a") == "%");
    CHECK(target.find("b") == "%4");
    CHECK(target.find("c") == "%zz");
    CHECK(target.find("d") == "A%");
    CHECK(target.find("e") == "a=b");
    target.parse("http://host:1/path?q=1");
    CHECK(target.path() == "/path");
    CHECK(target.find("q") == "1");
    target.parse("http://host");
    CHECK(target.path().empty());
    target.parse("*");
    CHECK(target.path() == "*");
    CHECK_FALSE(target.find("q"));
    std::string many = "/?";
    for (int i = 0; i < 40; ++i) many += "p" + std::to_string(i) + "=v&";
    target.parse(many);
    CHECK(target.find("p31") == "v");
    CHECK_FALSE(target.find("p32"));
}

}  // namespace target_test
