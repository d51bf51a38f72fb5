#include "bench/answers.hpp"

#include <catch2/catch.hpp>

#include <string>
#include <string_view>

using bench::Answers;

namespace {

Answers::Count count(Answers::Kind kind, std::string_view bytes, std::size_t cut) {
    Answers answers(kind, 'A');
    const Answers::Count first = answers.take(bytes.substr(0, cut));
    const Answers::Count rest = answers.take(bytes.substr(cut));
    return {first.answers + rest.answers, first.wrong + rest.wrong};
}

void check_at_every_cut(Answers::Kind kind, std::string_view bytes, Answers::Count expected) {
    for (std::size_t cut = 0; cut <= bytes.size(); ++cut) {
        CAPTURE(cut);
        const auto got = count(kind, bytes, cut);
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

TEST_CASE("answers: none are expected, whatever comes", "[bench][answers]") {
    check_at_every_cut(Answers::Kind::none, "INFO {}\r\nPING\r\n", {0, 0});
}
