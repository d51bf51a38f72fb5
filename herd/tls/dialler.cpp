#include "herd/tls/dialler.hpp"

#include "herd/tls/channel.hpp"

#include <memory>
#include <utility>

namespace herd::tls {

Outcome<> Dialler::open(const Files& files, std::size_t plain_max) {
    auto context = Context::load(Use::dialler, files);
    if (!context) return std::unexpected(context.error());
    context_ = std::move(*context);
    if (auto opened = exchange_.open(plain_max); !opened) return failure("TLS", opened.error());
    return {};
}

reactor::SealPtr Dialler::dial(const std::string& name) {
    SslPtr ssl = context_.dial(name);
    if (ssl == nullptr) return nullptr;
    return std::make_unique<Channel>(exchange_, std::move(ssl));
}

}  // namespace herd::tls
