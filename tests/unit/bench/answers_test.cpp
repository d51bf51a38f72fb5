#include "bench/answers.hpp"

#include <catch2/catch.hpp>

#include <string>
#include <string_view>

using bench::Answers;

namespace {

Answers::Count count(Answers::Kind kind, std::string_view bytes, std::size_t cut, char first_byte) {
    Answers answers(kind, first_byte);
    const Answers::Count first = answers.take(bytes.substr(0, cut));
    const Answers::Count rest = answers.take(bytes.substr(cut));
    return {first.answers + rest.answers, first.wrong + rest.wrong};
}

void check_at_every_cut(Answers::Kind kind,
                        std::string_view bytes,
                        Answers::Count expected,
                        char first_byte = 'A') {
    for (std::size_t cut = 0; cut <= bytes.size(); ++cut) {
        CAPTURE(cut);
        const auto got = count(kind, bytes, cut, first_byte);
        CHECK(got.answers == expected.answers);
        CHECK(got.wrong == expected.wrong);
    }
}

}  // namespace

TEST_CASE("answers: a line each, wrong by its first byte", "[bench][answers]") {
    check_at_every_cut(Answers::Kind::lines, "AT one\nAT two\n? three\nAT fo", {3, 1});
    check_at_every_cut(Answers::Kind::lines, "\n\n", {2, 2});
}

TEST_CASE("answers: up to an empty line, or one line of refusal", "[bench][answers]") {
    check_at_every_cut(
        Answers::Kind::paragraphs, "AT x\n{\n}\n\n? no\nAT y\n{}\n\nAT z\n{", {3, 1});
}

TEST_CASE("answers: a head of HTTP, up to its empty line", "[bench][answers]") {
    check_at_every_cut(Answers::Kind::paragraphs,
                       "HTTP/1.1 200 OK\r\nServer: x\r\n\r\nFTP\r\n\r\nHTTP/1.1 200",
                       {2, 1},
                       'H');
}

TEST_CASE("answers: whoever is near, nobody, or a refusal", "[bench][answers]") {
    check_at_every_cut(Answers::Kind::paragraphs,
                       "NEARBY S 1\nNEAR 0.000 AT x\n\nNEARBY S 0\n\n? NEARBY\nNEARBY S 0\n",
                       {3, 1},
                       'N');
}

TEST_CASE("answers: arrays of texts, which have two lines each, and errors", "[bench][answers]") {
    check_at_every_cut(Answers::Kind::arrays,
                       "*2\r\n$1\r\na\r\n$2\r\n*1\r\n*0\r\n-ERR no\r\n*1\r\n$1\r\n",
                       {3, 1},
                       '*');
    check_at_every_cut(Answers::Kind::arrays, "*1\r\n$1\r\n9\r\n*12\r\n$1", {1, 0}, '*');
}

TEST_CASE("answers: what is pushed counts by lines, and what refuses is wrong",
          "[bench][answers]") {
    check_at_every_cut(Answers::Kind::pushed, "FOLLOW S 1\nNOW 1 AT ?\n? x\n-ERR\nGO", {4, 2});
    CHECK_FALSE(Answers(Answers::Kind::pushed, 'A').expected());
}

TEST_CASE("answers: none are expected, whatever comes", "[bench][answers]") {
    check_at_every_cut(Answers::Kind::none, "INFO {}\r\nPING\r\n", {0, 0});
}
