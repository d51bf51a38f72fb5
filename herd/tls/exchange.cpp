#include "herd/tls/exchange.hpp"

#include <algorithm>
#include <cassert>
#include <cerrno>
#include <cstring>

namespace herd::tls {

namespace {

// RFC 8446, 5.2: what a record is longer than what it seals, at most; and what may have to be said
// beside data (new keys, an alert).
constexpr std::size_t record_plain = std::size_t{16} << 10;
constexpr std::size_t record_extra = 256 + 5;
constexpr std::size_t messages_max = std::size_t{4} << 10;

}  // namespace

struct Exchange::Method {
    static int read(BIO* bio, char* to, std::size_t size, std::size_t* count) {
        auto& exchange = *static_cast<Exchange*>(BIO_get_data(bio));
        BIO_clear_retry_flags(bio);
        *count = std::min(size, exchange.in_.size());
        if (*count == 0) {
            BIO_set_retry_read(bio);
            return 0;
        }
        std::memcpy(to, exchange.in_.data(), *count);
        exchange.in_ = exchange.in_.subspan(*count);
        return 1;
    }

    static int write(BIO* bio, const char* from, std::size_t size, std::size_t* count) {
        auto& exchange = *static_cast<Exchange*>(BIO_get_data(bio));
        BIO_clear_retry_flags(bio);
        *count = 0;
        if (size > exchange.out_.size() - exchange.used_) return 0;
        std::memcpy(&exchange.out_[0] + exchange.used_, from, size);
        exchange.used_ += size;
        *count = size;
        return 1;
    }

    static long control(BIO*, int command, long, void*) { return command == BIO_CTRL_FLUSH; }

    // One for the process, which OpenSSL keeps until its end.
    static BIO_METHOD* make() {
        const int type = BIO_get_new_index() | BIO_TYPE_SOURCE_SINK;
        BIO_METHOD* const method = BIO_meth_new(type, "herd exchange");
        if (method == nullptr) return nullptr;
        BIO_meth_set_read_ex(method, read);
        BIO_meth_set_write_ex(method, write);
        BIO_meth_set_ctrl(method, control);
        return method;
    }
};

reactor::Result<void> Exchange::open(std::size_t plain_max) {
    assert(bio_ == nullptr);
    const std::size_t records = plain_max / record_plain + 1;
    auto out = reactor::PageArray<char>::map(plain_max + records * record_extra + messages_max);
    if (!out) return std::unexpected(out.error());
    out_ = std::move(*out);
    static const BIO_METHOD* const method = Method::make();
    bio_ = method == nullptr ? nullptr : BIO_new(method);
    if (bio_ == nullptr) return reactor::failure(ENOMEM);
    BIO_set_data(bio_, this);
    BIO_set_init(bio_, 1);
    return {};
}

Exchange::~Exchange() {
    BIO_free(bio_);
}

}  // namespace herd::tls
