#include "bench/floor/tls_server.hpp"

#include "bench/floor/answers.hpp"
#include "bench/floor/outbox.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <memory>
#include <string_view>
#include <utility>

#include <openssl/err.h>
#include <sys/epoll.h>
#include <unistd.h>

namespace bench::floor {

namespace {

class TlsConnection : public Handler {
public:
    TlsConnection(EventLoop& loop, int descriptor, SharedBio& shared, SslPtr ssl)
        : loop_{loop},
          shared_{shared},
          outbox_{loop, *this, EPOLLIN},
          descriptor_{descriptor},
          ssl_{std::move(ssl)} {}
    ~TlsConnection() override { close(descriptor_); }

    bool ready(std::uint32_t events) override {
        if (broken(events)) return false;
        if (!outbox_.empty()) {
            outbox_.flush(descriptor_);
            return true;
        }
        const EventLoop::Read read = loop_.read(descriptor_);
        if (read.ended) return false;
        shared_.lend(read.bytes);
        ERR_clear_error();
        const bool goes_on = take();
        outbox_.send(descriptor_, shared_.output());
        return goes_on;
    }

private:
    // All that has been lent. False: it was the last.
    bool take() {
        std::size_t lines = 0;
        std::size_t count = 0;
        while (SSL_read_ex(ssl_.get(), plain_room.data(), plain_room.size(), &count) == 1) {
            lines += static_cast<std::size_t>(
                std::ranges::count(std::string_view{plain_room.data(), count}, '\n'));
        }
        const int why = SSL_get_error(ssl_.get(), 0);
        for (; lines > 0; lines -= std::min(lines, answers_max)) {
            const std::size_t size = std::min(lines, answers_max) * one_answer.size();
            if (SSL_write_ex(ssl_.get(), answers().data(), size, &count) != 1) return false;
        }
        if (why == SSL_ERROR_ZERO_RETURN) SSL_shutdown(ssl_.get());
        return why == SSL_ERROR_WANT_READ;
    }

    // Room for all records of one read, as they come one by one.
    static inline std::array<char, std::size_t{16} << 10> plain_room{};

    EventLoop& loop_;
    SharedBio& shared_;
    Outbox outbox_;
    int descriptor_;
    SslPtr ssl_;
};

}  // namespace

TlsServer::TlsServer(EventLoop& loop, Port port, const std::string& keys, const std::string& name)
    : context_{server_context(keys, name)},
      listener_{loop, port, [this, &loop](int descriptor) {
                    loop.adopt(descriptor,
                               EPOLLIN,
                               std::make_unique<TlsConnection>(
                                   loop, descriptor, shared_, accept_tls(context_, shared_.bio())));
                }} {}

}  // namespace bench::floor
