//go:build linux

#include "textflag.h"

// func machineText() unsafe.Pointer
TEXT ·machineText(SB), NOSPLIT, $0-8
	MOVD $·machine(SB), R0
	MOVD R0, ret+0(FP)
	RET

// func machine()
//
// R19 points at the current instruction; the layout is that of instruction in
// machine_linux.go. The code is copied into an ELF file of its own and never
// called here, so it refers to nothing outside of itself but the two fixed
// addresses.
TEXT ·machine(SB), NOSPLIT|NOFRAME, $0-0
	MOVD $0x410000, R19 // instructionBase
	MOVD $0x500000, R20 // dataBase

step:
	MOVD 0(R19), R8
	MOVD 8(R19), R0
	MOVD 16(R19), R1
	MOVD 24(R19), R2
	MOVD 32(R19), R3
	MOVD 40(R19), R4
	MOVD 48(R19), R5
	SVC
	MOVD 56(R19), R9
	CBZ  R9, branch
	MOVD R0, (R9)

branch:
	CMP  $0, R0
	BLT  negative
	BEQ  zero
	MOVD 80(R19), R19
	B    step

zero:
	MOVD 72(R19), R19
	B    step

negative:
	MOVD R19, 8(R20) // where
	MOVD R0, 16(R20) // what
	MOVD 64(R19), R19
	B    step

	// machineEnd
	WORD $0x656e6f64
	WORD $0x646f6e65
