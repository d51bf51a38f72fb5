#include "herd/ops/family.hpp"

#include <cassert>

namespace herd::ops {

std::string_view write_metrics(std::span<char> out, const Snapshot& snapshot) {
    assert(out.size() >= metrics_size_max);
    MetricsWriter writer(out);
    for (const Family& family : state_families()) {
        writer.family(family.name, family.kind, family.help);
        family.write(writer, snapshot);
    }
    for (const Family& family : counter_families()) {
        writer.family(family.name, family.kind, family.help);
        for (const Series& series : family.series) {
            if (series.value == nullptr) break;
            writer.sample(series.labels, snapshot.status.counters.*series.value);
        }
    }
    assert(!writer.overflowed());
    return writer.text();
}

}  // namespace herd::ops
