#include "bench/measured.hpp"

#include "bench/session.hpp"

#include <chrono>

namespace bench {

namespace {

double per(std::int64_t amount, std::uint64_t count) {
    return count == 0 ? 0 : static_cast<double>(amount) / static_cast<double>(count);
}

}  // namespace

Measured::Measured(const Target& target)
    : target_(target), start_(this_moment()), own_cpu_ns_(own_cpu_ns()) {
    for (const TargetServer& server : target.servers) usage_.push_back(usage_of(server.pids));
}

void Measured::end() {
    own_cpu_ns_ = own_cpu_ns() - own_cpu_ns_;
    seconds_ = std::chrono::duration<double>(this_moment() - start_).count();
    for (std::size_t i = 0; i < usage_.size(); ++i) {
        const Usage now = usage_of(target_.servers[i].pids);
        usage_[i] = {now.cpu_ns - usage_[i].cpu_ns, now.resident_bytes};
    }
}

std::optional<double> Measured::target_cpu_ns_per(std::uint64_t count) const {
    if (!target_.names_processes()) return std::nullopt;
    std::int64_t sum = 0;
    for (const Usage& usage : usage_) sum += usage.cpu_ns;
    return per(sum, count);
}

double Measured::own_cpu_ns_per(std::uint64_t count) const {
    return per(own_cpu_ns_, count);
}

std::optional<double> Measured::target_resident_bytes() const {
    if (!target_.names_processes()) return std::nullopt;
    std::int64_t sum = 0;
    for (const Usage& usage : usage_) sum += usage.resident_bytes;
    return static_cast<double>(sum);
}

std::optional<double> Measured::target_proportional_bytes() const {
    if (!target_.names_processes()) return std::nullopt;
    std::int64_t sum = 0;
    for (const TargetServer& server : target_.servers) sum += proportional_bytes(server.pids);
    return static_cast<double>(sum);
}

void Measured::report(Result& result) const {
    result.seconds = seconds_;
    for (std::size_t i = 0; i < usage_.size(); ++i) {
        result.servers.push_back(
            {target_.servers[i].name, usage_[i].cpu_ns, usage_[i].resident_bytes});
    }
}

}  // namespace bench
