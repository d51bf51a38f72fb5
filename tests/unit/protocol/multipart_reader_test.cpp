#include "protocol/multipart_reader.hpp"

#include <catch2/catch.hpp>

#include <string>

namespace multipart_reader_test {

using protocol::MultipartReader;

namespace {

// All fields, in brackets, of a form that comes in pieces of that size.
std::string fields(std::string_view form, std::size_t piece, std::string_view boundary = "xYz") {
    MultipartReader reader;
    std::string all;
    REQUIRE(reader.begin("multipart/form-data; boundary=" + std::string(boundary)));
    while (!form.empty()) {
        const auto fed = reader.feed(form.substr(0, piece));
        form.remove_prefix(fed.consumed);
        if (!fed.field) continue;
        all += "[" + std::string(reader.name()) + "|" + std::string(reader.value()) +
               (reader.cut() ? "..." : "") + "]";
    }
    return all;
}

std::string part(const std::string& name, const std::string& value, const std::string& more = "") {
    return "--xYz\r\nContent-Disposition: form-data; name=\"" + name + "\"" + more + "\r\n\r\n" +
           value + "\r\n";
}

}  // namespace

TEST_CASE("multipart: fields come in order, however they are cut", "[protocol][form]") {
    const std::string form =
        "skipped\r\n" + part("lat", "45.2") + part("lon", "7.5", "\r\nContent-Type: text/plain") +
        part("image", std::string("\xff\r\n--xYq\r\r\n\0--", 14), "; filename=\"a;name=b.jpg\"") +
        part("empty", "") + "--xYz\r\nContent-Type: text/plain\r\n\r\nnobody's\r\n" +
        part("last", "%41+") + "--xYz--\r\nskipped\r\n--xYz\r\n";
    const std::string wanted = "[lat|45.2][lon|7.5][image|" +
                               std::string("\xff\r\n--xYq\r\r\n\0--", 14) + "][empty|][last|%41+]";
    for (const std::size_t piece : {1U, 2U, 3U, 7U, 1000U}) CHECK(fields(form, piece) == wanted);
    CHECK(fields(part("a", "1"), 1).empty());
    CHECK(fields("--xYz--", 1).empty());
    CHECK(fields("", 1).empty());
}

TEST_CASE("multipart: of long values the beginning is kept, and that is told", "[protocol][form]") {
    const std::string value(MultipartReader::value_max, 'v');
    CHECK(fields(part("a", value) + "--xYz--", 9) == "[a|" + value + "]");
    CHECK(fields(part("a", value + "v") + part("b", "1") + "--xYz--", 9) ==
          "[a|" + value + "...][b|1]");
    const std::string long_head = "; filename=\"" + std::string(1000, 'f') + "\"";
    CHECK(fields(part("a", "1", long_head) + "--xYz--", 9) == "[a|1]");
}

TEST_CASE("multipart: the type says the boundary, in quotes or not", "[protocol][form]") {
    MultipartReader reader;
    CHECK(reader.begin("Multipart/Form-Data; charset=utf-8; Boundary=\"a b\"; x=y"));
    CHECK_FALSE(reader.begin("application/x-www-form-urlencoded; boundary=a"));
    CHECK_FALSE(reader.begin("multipart/form-data"));
    CHECK_FALSE(reader.begin("multipart/form-data; boundary="));
    CHECK_FALSE(reader.begin("multipart/form-data; boundary=" + std::string(71, 'b')));
    CHECK(reader.begin("multipart/form-data; boundary=" + std::string(70, 'b')));
}

}  // namespace multipart_reader_test
