#include "herd/program/line_source.hpp"

#include "reactor/sys.hpp"

#include <array>
#include <cassert>
#include <cerrno>
#include <string_view>

namespace herd::program {

std::optional<std::string> LineSource::next() {
    for (; !over(); ++next_) {
        if (given_[next_] != "-") return given_[next_++];
        auto line = next_of_input();
        if (line || !ended_) return line;
    }
    return std::nullopt;
}

// The last one may have no end.
std::optional<std::string> LineSource::next_of_input() {
    const std::size_t end = come_.find('\n', taken_);
    const bool none = end == std::string::npos && (!ended_ || taken_ == come_.size());
    if (none) return std::nullopt;
    std::string line = come_.substr(taken_, end - taken_);
    taken_ = end == std::string::npos ? come_.size() : end + 1;
    return line;
}

// What cannot be read has ended; but not what somebody has set never to wait.
void LineSource::read() {
    assert(!over());
    assert(!ended_);
    std::array<char, 65536> piece;  // NOLINT(*-member-init): only what is read is looked at
    const auto size = reactor::sys::read(input_, piece);
    if (!size && size.error().value == EAGAIN) return;
    ended_ = !size || *size == 0;
    if (ended_) return;
    come_.erase(0, taken_);
    taken_ = 0;
    const std::string_view news(piece.data(), *size);
    const bool goes_on =
        come_.find('\n') == std::string::npos && news.find('\n') == std::string_view::npos;
    come_ += news;
    if (goes_on && come_.size() > line_size_max) come_.resize(line_size_max);
}

}  // namespace herd::program
