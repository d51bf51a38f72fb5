#pragma once

#include <cstdint>
#include <string_view>

namespace bench {

// Counts the answers in a stream of bytes, however it is cut.
class Answers {
public:
    enum class Kind : std::uint8_t {
        lines,       // one line each
        paragraphs,  // up to an empty line (or a CR's), or one line that begins with "?"
        arrays,      // Redis': a line that says of how many texts, and two lines of each
        pushed,      // nothing is expected, and each line that comes counts
        none,        // nothing is expected; what comes is passed over
    };
    struct Count {
        std::uint64_t answers = 0;
        std::uint64_t wrong = 0;  // of these: do not begin with `first`
    };

    Answers(Kind kind, char first) : kind_(kind), first_(first) {}

    Count take(std::string_view bytes);
    bool expected() const { return kind_ != Kind::none && kind_ != Kind::pushed; }

private:
    Count take_arrays(std::string_view bytes);
    Count take_pushed(std::string_view bytes);

    Kind kind_;
    char first_;
    bool line_begins_ = true;
    bool answer_begins_ = true;
    bool wrong_ = false;      // the answer begun last
    bool refused_ = false;    // it begins with "?"
    bool counts_ = false;     // In the first line of an array.
    std::uint64_t left_ = 0;  // lines of the array begun last
};

}  // namespace bench
