#include "herd/journal/format.hpp"

#include "tests/sim/random.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace format_test {

namespace {

using Kind = herd::journal::Line::Kind;

std::string line_of(std::string_view text) {
    std::string line(text.size() + herd::journal::frame_size, '\0');
    return std::string(herd::journal::format_line(line, text));
}

std::string record(std::size_t number) {
    return "AT S +0.000000001 c" + std::to_string(number) + " +34.068930-118.445127 " +
           std::to_string(1'600'000'000 + number) + ".5";
}

// Lines, and where each one begins; behind the last, where it ends.
struct File {
    explicit File(std::size_t size) {
        for (std::size_t number = 0; bytes.size() < size; ++number) {
            starts.push_back(bytes.size());
            bytes += line_of(record(number));
        }
        starts.push_back(bytes.size());
    }

    std::string bytes;
    std::vector<std::size_t> starts;
};

// Where the reading of these bytes ends, having begun at `at`.
std::size_t good_end(std::string_view bytes, std::size_t at = 0) {
    while (true) {
        const auto line = herd::journal::read_line(bytes.substr(at));
        if (line.kind != Kind::good) return at;
        at += line.size;
    }
}

}  // namespace

TEST_CASE("journal format: a line is its text's CRC-32, a blank and the text",
          "[herd][journal_format]") {
    // The check value of CRC-32.
    CHECK(line_of("123456789") == "cbf43926 123456789\n");
    const auto line = herd::journal::read_line("cbf43926 123456789\nrest");
    CHECK(line.kind == Kind::good);
    CHECK(line.text == "123456789");
    CHECK(line.size == 19);
}

TEST_CASE("journal format: of a line without its end nothing is known", "[herd][journal_format]") {
    const std::string whole = line_of(record(1));
    for (std::size_t size = 0; size < whole.size(); ++size) {
        CHECK(herd::journal::read_line(whole.substr(0, size)).kind == Kind::cut);
    }
}

TEST_CASE("journal format: what is not a line is torn", "[herd][journal_format]") {
    for (const char* bytes : {"\n",
                              "\n\n",
                              "cbf43926\n",
                              "cbf43926 \n",
                              "cbf43926  123456789\n",
                              "CBF43926 123456789\n",
                              "cbf43926\t123456789\n",
                              "cbf43926 123456789\r\n",
                              "AT S +0.000000001 c +1-1 1\n"}) {
        INFO(bytes);
        CHECK(herd::journal::read_line(bytes).kind == Kind::torn);
    }
}

TEST_CASE("journal format: cut at any byte of a megabyte, the lines before are all that is read",
          "[herd][journal_format]") {
    const File file(1 << 20);
    std::size_t wrong = 0;
    for (std::size_t line = 0; line + 1 < file.starts.size(); ++line) {
        const std::size_t start = file.starts[line];
        const std::size_t end = file.starts[line + 1];
        for (std::size_t cut = start; cut < end; ++cut) {
            wrong += good_end(std::string_view(file.bytes).substr(0, cut), start) != start;
        }
        wrong += good_end(std::string_view(file.bytes).substr(0, end), start) != end;
    }
    CHECK(wrong == 0);
}

TEST_CASE("journal format: with any bit flipped, the lines before are all that is read",
          "[herd][journal_format]") {
    const File small(4096);
    std::string bytes = small.bytes;
    std::size_t line = 0;
    std::size_t wrong = 0;
    for (std::size_t at = 0; at < bytes.size(); ++at) {
        if (at == small.starts[line + 1]) ++line;
        for (int bit = 0; bit < 8; ++bit) {
            bytes[at] = static_cast<char>(bytes[at] ^ (1 << bit));
            wrong += good_end(bytes) != small.starts[line];
            bytes[at] = small.bytes[at];
        }
    }
    CHECK(wrong == 0);
}

TEST_CASE("journal format: 10,000 random flips in a megabyte, each found where it is",
          "[herd][journal_format]") {
    const File file(1 << 20);
    std::string bytes = file.bytes;
    sim::Random random(7);
    std::size_t wrong = 0;
    for (int i = 0; i < 10'000; ++i) {
        const std::size_t at = random.below(bytes.size());
        const auto next = std::ranges::upper_bound(file.starts, at);
        // What stands before its line is as it was.
        const std::size_t start = *std::prev(next);
        bytes[at] = static_cast<char>(bytes[at] ^ (1 << random.below(8)));
        wrong += good_end(bytes, start) != start;
        bytes[at] = file.bytes[at];
    }
    CHECK(wrong == 0);
}

}  // namespace format_test
