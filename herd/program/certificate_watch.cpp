#include "herd/program/certificate_watch.hpp"

#include "herd/keys/certificate.hpp"
#include "reactor/sys.hpp"

#include <chrono>
#include <cstdint>

namespace herd::program {

namespace {

std::int64_t left_s(const Sealer& sealer) {
    return sealer.expires_s() - reactor::sys::wall_s();
}

}  // namespace

CertificateWatch::CertificateWatch(reactor::Loop& loop, const Sealer& sealer, Log& log)
    : sealer_(sealer),
      log_(log),
      day_(loop, reactor::Delegate<void()>::to<&CertificateWatch::on_day>(*this)) {}

void CertificateWatch::start() {
    tell();
    day_.start(std::chrono::hours(24));
}

void CertificateWatch::tell() {
    const std::int64_t left = left_s(sealer_);
    const Level level = left <= 0                   ? Level::error
                        : left <= keys::warned_of_s ? Level::warning
                                                    : Level::info;
    log_.event(level, left <= 0 ? "certificate_expired" : "certificate_expires")
        .field("at", keys::time_text(sealer_.expires_s()));
}

void CertificateWatch::on_day() {
    if (left_s(sealer_) <= keys::warned_of_s) tell();
    day_.start(std::chrono::hours(24));
}

}  // namespace herd::program
