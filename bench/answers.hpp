#pragma once

#include <cstdint>
#include <string_view>

namespace bench {

// Counts the answers in a stream of bytes, however it is cut.
class Answers {
public:
    enum class Kind : std::uint8_t {
        lines,       // one line each
        paragraphs,  // up to an empty line, or one line that begins with "?"
        none,        // nothing is expected; what comes is passed over
    };
    struct Count {
        std::uint64_t answers = 0;
        std::uint64_t wrong = 0;  // of these: do not begin with `first`
    };

    Answers(Kind kind, char first) : kind_(kind), first_(first) {}

    Count take(std::string_view bytes);
    bool expected() const { return kind_ != Kind::none; }

private:
    Kind kind_;
    char first_;
    bool line_begins_ = true;
    bool answer_begins_ = true;
    bool wrong_ = false;    // the answer begun last
    bool refused_ = false;  // it begins with "?"
};

}  // namespace bench
