#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace herd::program {

// The lines that a client is to say: those that are given, where each "-" stands for all that come
// from a descriptor, as they come. Of what has come no more is held than a line and a piece; a
// line that is longer than any that a server takes is cut, and still longer than those.
// The given lines and the descriptor outlive it.
class LineSource {
public:
    static constexpr std::size_t line_size_max = std::size_t{64} << 10;  // cut beyond that

    LineSource(const std::vector<std::string>& given, int input) : given_(given), input_(input) {}

    // The next one, without its end. Nothing: read() first, unless it is over.
    std::optional<std::string> next();
    // next() has none, and never will.
    bool over() const { return next_ == given_.size(); }
    // Takes what has come from the descriptor, or waits for something. After next() had none.
    void read();

private:
    std::optional<std::string> next_of_input();

    const std::vector<std::string>& given_;
    int input_;
    std::size_t next_ = 0;  // of given_
    std::string come_;      // from the descriptor
    std::size_t taken_ = 0;
    bool ended_ = false;
};

}  // namespace herd::program
