#include "bench/floor/line_server.hpp"

#include <algorithm>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include <sys/epoll.h>
#include <unistd.h>

namespace bench::floor {

namespace {

constexpr std::string_view one_answer =
    "AT Goloman +0.000000000 bench-00000000.herd.test +34.068930-118.445127 1520023934.918963997\n";
static_assert(one_answer.size() == 92);

// As many answers in one piece as one read can ask for with lines of 64 bytes.
const std::string& answers() {
    static const std::string all = [] {
        std::string text;
        for (int i = 0; i < 1024; ++i) text += one_answer;
        return text;
    }();
    return all;
}

// Owes answers that are all alike: a count of bytes says which.
class LineConnection : public Handler {
public:
    LineConnection(EventLoop& loop, int descriptor) : loop_{loop}, descriptor_{descriptor} {}
    ~LineConnection() override { close(descriptor_); }

    bool ready(std::uint32_t events) override {
        if (broken(events)) return false;
        const bool full = owed_ > 0;
        if (!full) {
            const EventLoop::Read read = loop_.read(descriptor_);
            if (read.ended) return false;
            const auto lines = std::ranges::count(read.bytes, '\n');
            owed_ = static_cast<std::size_t>(lines) * one_answer.size();
        }
        send_owed();
        if (full != (owed_ > 0)) loop_.change(descriptor_, full ? EPOLLIN : EPOLLOUT, *this);
        return true;
    }

private:
    void send_owed() {
        while (owed_ > 0) {
            // The next byte owed is that of an answer's which makes the last one its end.
            const std::size_t begin =
                (one_answer.size() - owed_ % one_answer.size()) % one_answer.size();
            const std::string_view piece = std::string_view{answers()}.substr(begin, owed_);
            const std::size_t refused = send_some(descriptor_, piece).size();
            owed_ -= piece.size() - refused;
            if (refused > 0) return;
        }
    }

    EventLoop& loop_;
    int descriptor_;
    std::size_t owed_ = 0;
};

}  // namespace

LineServer::LineServer(EventLoop& loop, Port port)
    : listener_{loop, port, [&loop](int descriptor) {
                    loop.adopt(
                        descriptor, EPOLLIN, std::make_unique<LineConnection>(loop, descriptor));
                }} {}

}  // namespace bench::floor
