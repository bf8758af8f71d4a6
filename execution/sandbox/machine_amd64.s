//go:build linux

#include "textflag.h"

// func machineText() unsafe.Pointer
TEXT ·machineText(SB), NOSPLIT, $0-8
	LEAQ ·machine(SB), AX
	MOVQ AX, ret+0(FP)
	RET

// func machine()
//
// R12 points at the current instruction; the layout is that of instruction in
// machine_linux.go. The code is copied into an ELF file of its own and never
// called here, so it refers to nothing outside of itself but the two fixed
// addresses.
TEXT ·machine(SB), NOSPLIT|NOFRAME, $0-0
	MOVQ $0x410000, R12 // instructionBase
	MOVQ $0x500000, R13 // dataBase

step:
	MOVQ 0(R12), AX
	MOVQ 8(R12), DI
	MOVQ 16(R12), SI
	MOVQ 24(R12), DX
	MOVQ 32(R12), R10
	MOVQ 40(R12), R8
	MOVQ 48(R12), R9
	SYSCALL
	MOVQ 56(R12), CX
	TESTQ CX, CX
	JEQ  branch
	MOVQ AX, (CX)

branch:
	TESTQ AX, AX
	JLT  negative
	JEQ  zero
	MOVQ 80(R12), R12
	JMP  step

zero:
	MOVQ 72(R12), R12
	JMP  step

negative:
	MOVQ R12, 8(R13)  // where
	MOVQ AX, 16(R13)  // what
	MOVQ 64(R12), R12
	JMP  step

	// machineEnd
	LONG $0x656e6f64
	LONG $0x646f6e65
