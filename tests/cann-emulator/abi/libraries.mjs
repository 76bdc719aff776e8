// Which library holds which symbol, per CANN version: the split of 8.5 and the communicator's move in 9.0.

/** The library of the newest split, without `lib` and `.so`. */
export function unitOf(entry) {
    if (entry.library === "libopapi.so") {
        const split = (entry.library_alternatives ?? []).map((text) => /^lib(opapi_\w+)\.so/.exec(text)).find(Boolean);
        return split ? split[1] : "opapi_math";
    }
    if (entry.library === "libhccl.so") {
        return (entry.library_alternatives ?? []).some((text) => text.startsWith("libhcomm.so")) ? "hcomm" : "hccl";
    }
    return { "libascendcl.so": "acl_rt", "libnnopbase.so": "nnopbase", "libdcmi.so": "dcmi" }[entry.library];
}

export function exportMap(names) {
    const globals = names.map((name) => `        ${name};`).join("\n");
    return `{\n${names.length > 0 ? `    global:\n${globals}\n` : ""}    local:\n        *;\n};\n`;
}

export function profileSource(profile) {
    const text = (value) => JSON.stringify(value);
    return `// Generated from the profiles.
#include "runtime/profile.h"

namespace emu {

const Profile &profile()
{
    static const Profile kProfile = {${text(profile.name)}, ${text(profile.platform)}, ${text(profile.soc)}, ${text(profile.chip)},
        ${text(profile.architecture)}, ${text(profile.cann)}, ${text(profile.driver)}, ${profile.devices}, ${profile.cubeCores},
        ${profile.vectorCores}, ${profile.hbmMiB}ull << 20, ${profile.l2MiB}ull << 20};
    return kProfile;
}

} // namespace emu
`;
}

const atLeast = (version, major, minor) => {
    const [a, b] = version.split(".").map(Number);
    return a > major || (a === major && b >= minor);
};

/** [library, units whose symbols it exports itself, libraries it depends on] for one profile, dependencies first. */
export function librariesOf(profile, units) {
    const operators = units.filter((unit) => unit.startsWith("opapi_"));
    const libraries = [["nnopbase", ["nnopbase"], []], ["dcmi", ["dcmi"], []]];
    if (atLeast(profile.cann, 8, 5)) {
        libraries.push(["acl_rt", ["acl_rt"], []], ["ascendcl", [], ["acl_rt"]]);
        for (const unit of operators) {
            libraries.push([unit, [unit], []]);
        }
        for (const empty of ["opapi_cv", "opapi_oam", "opapi_legacy"]) {
            libraries.push([empty, [], []]);
        }
        libraries.push(["opapi", [], operators]);
    } else {
        libraries.push(["ascendcl", ["acl_rt"], []], ["opapi", operators, []]);
    }
    if (atLeast(profile.cann, 9, 0)) {
        libraries.push(["hcomm", ["hcomm"], []], ["hccl", ["hccl"], ["hcomm"]]);
    } else {
        libraries.push(["hccl", ["hccl", "hcomm"], []]);
    }
    return libraries;
}

export function cmake(profiles, units) {
    const lines = [`set(EMULATOR_UNITS ${units.join(" ")})`, `set(EMULATOR_PROFILES ${profiles.map((p) => p.name).join(" ")})`];
    for (const profile of profiles) {
        for (const [library, own, needed] of librariesOf(profile, units)) {
            lines.push(`stand_in(${profile.name} ${library} "${own.join(";")}" "${needed.join(";")}")`);
        }
        lines.push(`toolkit(${profile.name} ${profile.cann} ${profile.driver} ${profile.architecture})`);
    }
    return `# Generated from the profiles.\n${lines.join("\n")}\n`;
}
