#include "protocol/form_reader.hpp"

#include <catch2/catch.hpp>

#include <string>

namespace form_reader_test {

using protocol::FormReader;

namespace {

// All fields, in brackets, of a form that comes in pieces of that size.
std::string fields(std::string_view form, std::size_t piece = 1) {
    FormReader reader;
    std::string all;
    const auto tell = [&](bool field) {
        if (!field) return;
        all += "[" + std::string(reader.name()) + "|" + std::string(reader.value()) +
               (reader.cut() ? "..." : "") + "]";
    };
    while (!form.empty()) {
        const auto fed = reader.feed(form.substr(0, piece));
        form.remove_prefix(fed.consumed);
        tell(fed.field);
    }
    tell(reader.finish());
    CHECK_FALSE(reader.finish());
    return all;
}

}  // namespace

TEST_CASE("form: fields come in order, decoded, however they are cut", "[protocol][form]") {
    const std::string form = "id=a%20b+c&lat=%2B45.2&alt=&x&cell=1,2&cell=3&k%3D=v=w&&=z";
    const std::string wanted = "[id|a b c][lat|+45.2][alt|][x|][cell|1,2][cell|3][k=|v=w][|z]";
    for (const std::size_t piece : {1U, 2U, 3U, 7U, 1000U}) CHECK(fields(form, piece) == wanted);
    CHECK(fields("").empty());
    CHECK(fields("&&&").empty());
    CHECK(fields("=") == "[|]");
    CHECK(fields("a=1&") == "[a|1]");
    CHECK(fields("a=%00%0a") == std::string("[a|\0\n]", 6));
}

TEST_CASE("form: a percent sign that begins no byte stands for itself", "[protocol][form]") {
    for (const std::size_t piece : {1U, 100U}) {
        CHECK(fields("a=100%", piece) == "[a|100%]");
        CHECK(fields("a=%4&b=%", piece) == "[a|%4][b|%]");
        CHECK(fields("a=%zz%4g%%41", piece) == "[a|%zz%4g%A]");
        CHECK(fields("%=%=", piece) == "[%|%=]");
        CHECK(fields("a=%4=%+", piece) == "[a|%4=% ]");
    }
}

TEST_CASE("form: of long fields the beginning is kept, and that is told", "[protocol][form]") {
    const std::string name(FormReader::name_max, 'n');
    const std::string value(FormReader::value_max, 'v');
    CHECK(fields(name + "=" + value) == "[" + name + "|" + value + "]");
    CHECK(fields(name + "n=" + value + "&a=1") == "[" + name + "|" + value + "...][a|1]");
    CHECK(fields(name + "=" + value + "%41&a=1") == "[" + name + "|" + value + "...][a|1]");
}

}  // namespace form_reader_test
