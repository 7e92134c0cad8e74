// A plugin of qemu that counts the instructions of a program (exactly, for one thread) and prints them at its end. What it
// uses of qemu is declared here, since Debian packs no header for plugins.
#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>

struct block;
int qemu_plugin_version = 1;
void qemu_plugin_register_vcpu_tb_trans_cb(uint64_t plugin, void (*then)(uint64_t, struct block *));
void qemu_plugin_register_vcpu_tb_exec_inline(struct block *block, int add, void *to, uint64_t value);
void qemu_plugin_register_atexit_cb(uint64_t plugin, void (*then)(uint64_t, void *), void *data);
size_t qemu_plugin_tb_n_insns(const struct block *block);

static uint64_t instructions;

static void translated(uint64_t plugin, struct block *block) {
    (void)plugin;
    qemu_plugin_register_vcpu_tb_exec_inline(block, 0, &instructions, qemu_plugin_tb_n_insns(block));
}

static void ended(uint64_t plugin, void *data) {
    (void)plugin, (void)data;
    fprintf(stderr, "instructions: %" PRIu64 "\n", instructions);
}

int qemu_plugin_install(uint64_t plugin, const void *about, int count, char **arguments) {
    (void)about, (void)count, (void)arguments;
    qemu_plugin_register_vcpu_tb_trans_cb(plugin, translated);
    qemu_plugin_register_atexit_cb(plugin, ended, NULL);
    return 0;
}
