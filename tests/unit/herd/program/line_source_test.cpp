#include "herd/program/line_source.hpp"

#include <catch2/catch.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <unistd.h>

namespace line_source_test {

namespace {

using herd::program::LineSource;

struct Pipe {
    Pipe() { REQUIRE(::pipe(fds) == 0); }
    Pipe(const Pipe&) = delete;
    Pipe& operator=(const Pipe&) = delete;
    ~Pipe() {
        ::close(fds[0]);
        end();
    }
    void say(std::string_view text) const {
        REQUIRE(::write(fds[1], text.data(), text.size()) == static_cast<ssize_t>(text.size()));
    }
    void end() {
        if (fds[1] >= 0) ::close(fds[1]);
        fds[1] = -1;
    }

    int fds[2] = {-1, -1};
};

}  // namespace

TEST_CASE("line source: the lines of the input stand where it does", "[herd][program]") {
    Pipe pipe;
    const std::vector<std::string> given = {"a", "-", "b", "-", "c"};
    LineSource lines(given, pipe.fds[0]);
    CHECK(lines.next() == "a");
    CHECK_FALSE(lines.next());
    pipe.say("1\n\n2");
    lines.read();
    CHECK(lines.next() == "1");
    CHECK(lines.next() == "");
    CHECK_FALSE(lines.next());
    pipe.end();
    lines.read();
    CHECK(lines.next() == "2");
    CHECK(lines.next() == "b");
    CHECK_FALSE(lines.over());
    CHECK(lines.next() == "c");
    CHECK_FALSE(lines.next());
    CHECK(lines.over());
}

TEST_CASE("line source: a line without end takes no memory without end", "[herd][program]") {
    Pipe pipe;
    const std::vector<std::string> given = {"-"};
    LineSource lines(given, pipe.fds[0]);
    const std::string piece(std::size_t{32} << 10, 'x');
    for (int i = 0; i < 100; ++i) {
        REQUIRE_FALSE(lines.next());
        pipe.say(piece);
        lines.read();
    }
    pipe.say("\nnext\n");
    lines.read();
    const auto line = lines.next();
    REQUIRE(line);
    CHECK(*line == std::string(LineSource::line_size_max, 'x'));
    CHECK(lines.next() == "next");
}

}  // namespace line_source_test
