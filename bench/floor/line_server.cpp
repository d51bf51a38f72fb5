#include "bench/floor/line_server.hpp"

#include "bench/floor/answers.hpp"

#include <algorithm>
#include <cstddef>
#include <memory>
#include <string_view>

#include <sys/epoll.h>
#include <unistd.h>

namespace bench::floor {

namespace {

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
            const std::string_view piece = answers().substr(begin, owed_);
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
