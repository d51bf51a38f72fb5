#include "protocol/text_writer.hpp"

#include <catch2/catch.hpp>

#include <limits>
#include <vector>

namespace protocol {
namespace {

TEST_CASE("text_writer: text that fits exactly fits", "[protocol][text_writer]") {
    std::vector<char> out(5);
    TextWriter writer(out);
    writer.put("ab");
    writer.put('c');
    writer.put("de");
    CHECK(writer.text() == "abcde");
    CHECK_FALSE(writer.overflowed());
    writer.put("");
    CHECK_FALSE(writer.overflowed());
}

TEST_CASE("text_writer: a piece too long is left out whole and ends the text",
          "[protocol][text_writer]") {
    std::vector<char> out(4);
    TextWriter writer(out);
    writer.put("abc");
    writer.put("de");
    CHECK(writer.overflowed());
    writer.put("f");
    CHECK(writer.text() == "abc");
}

TEST_CASE("text_writer: nothing fits into nothing", "[protocol][text_writer]") {
    TextWriter writer({});
    writer.put("");
    CHECK_FALSE(writer.overflowed());
    writer.put('a');
    CHECK(writer.overflowed());
}

TEST_CASE("text_writer: numbers are padded but never cut", "[protocol][text_writer]") {
    std::vector<char> out(200);
    TextWriter writer(out);
    writer.put_decimal(0);
    writer.put(' ');
    writer.put_decimal(7, 9);
    writer.put(' ');
    writer.put_decimal(123, 2);
    writer.put(' ');
    writer.put_decimal(std::numeric_limits<std::uint64_t>::max(), 20);
    writer.put(' ');
    writer.put_hex(0xbeef, 16);
    writer.put(' ');
    writer.put_signed(std::numeric_limits<std::int64_t>::min());
    writer.put(' ');
    writer.put_signed(std::numeric_limits<std::int64_t>::max());
    CHECK(writer.text() ==
          "0 000000007 123 18446744073709551615 000000000000beef -9223372036854775808 "
          "9223372036854775807");
}

TEST_CASE("text_writer: shrinking forgets the end and nothing else", "[protocol][text_writer]") {
    std::vector<char> out(10);
    TextWriter writer(out);
    writer.put("abcdef");
    writer.shrink(2);
    CHECK(writer.text() == "ab");
    writer.shrink(5);
    CHECK(writer.text() == "ab");
    writer.put("x");
    CHECK(writer.text() == "abx");
}

}  // namespace
}  // namespace protocol
